import type {
  Segment,
  TranscriptionJob,
  TranscriptionJobsFunctions,
} from "convex-transcription-jobs/server";
import { defineTranscriptionJobs, isJobError } from "convex-transcription-jobs/server";
import type {
  FunctionArgs,
  FunctionReference,
  FunctionReturnType,
  PaginationResult,
} from "convex/server";
import { expectTypeOf, test } from "vitest";
import { api, internal } from "../convex/_generated/api";
import type { Doc, Id } from "../convex/_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../convex/_generated/server";

// Nothing here is run: `tsc` checks it.
test("api.transcriptionJobs keeps every type", () => {
  type Jobs = typeof api.transcriptionJobs;
  expectTypeOf<FunctionReturnType<Jobs["get"]>>().toEqualTypeOf<TranscriptionJob | null>();
  expectTypeOf<TranscriptionJob>().toEqualTypeOf<Doc<"transcriptionJobs">>();
  expectTypeOf<TranscriptionJob["_id"]>().toEqualTypeOf<Id<"transcriptionJobs">>();
  expectTypeOf<TranscriptionJob["status"]>().toEqualTypeOf<
    "pending" | "processing" | "completed" | "failed" | "cancelled"
  >();
  expectTypeOf<FunctionReturnType<Jobs["listActive"]>>().toEqualTypeOf<TranscriptionJob[]>();
  expectTypeOf<FunctionReturnType<Jobs["listFinished"]>>().toEqualTypeOf<
    PaginationResult<TranscriptionJob>
  >();
  expectTypeOf<FunctionReturnType<Jobs["create"]>>().toEqualTypeOf<{
    jobId: string;
    ticket: string | null;
  }>();
  expectTypeOf<FunctionArgs<Jobs["create"]>>().toHaveProperty("fileName");
  expectTypeOf<FunctionArgs<Jobs["get"]>>().toEqualTypeOf<{ jobId: string }>();
  expectTypeOf<FunctionReturnType<Jobs["ticket"]>>().toEqualTypeOf<string | null>();
  expectTypeOf<FunctionReturnType<Jobs["cancel"]>>().toEqualTypeOf<null>();
  type Page = NonNullable<FunctionReturnType<Jobs["transcript"]>>;
  expectTypeOf<Page["segments"]>().toEqualTypeOf<Segment[]>();
});

test("what is internal is not in api, and what is public not in internal", () => {
  expectTypeOf(api.transcriptionJobs).not.toHaveProperty("updateFromAPI");
  expectTypeOf(api.transcriptionJobs).not.toHaveProperty("run");
  expectTypeOf(internal.transcriptionJobs).toHaveProperty("updateFromAPI");
  expectTypeOf(internal.transcriptionJobs).toHaveProperty("run");
  expectTypeOf(internal.transcriptionJobs).not.toHaveProperty("get");
});

test("the app's own functions keep theirs", () => {
  type Arguments = { jobId: string; userId: string; status: "completed" | "failed" | "cancelled" };
  expectTypeOf(internal.notes.fromTranscript).not.toBeAny();
  expectTypeOf<FunctionArgs<typeof internal.notes.fromTranscript>>().toEqualTypeOf<Arguments>();
  expectTypeOf<FunctionReturnType<typeof api.notes.list>>().toEqualTypeOf<
    { jobId: string; text: string }[]
  >();
});

test("defineTranscriptionJobs takes no function that cannot be called so", () => {
  expectTypeOf(defineTranscriptionJobs).returns.toEqualTypeOf<TranscriptionJobsFunctions>();
  type OnEnd = NonNullable<NonNullable<Parameters<typeof defineTranscriptionJobs>[0]>["onEnd"]>;
  expectTypeOf(internal.notes.fromTranscript).toExtend<OnEnd>();
  expectTypeOf(internal.maintenance.recordPayment).not.toExtend<OnEnd>();
  expectTypeOf(internal.maintenance.forgetPayments).not.toExtend<OnEnd>();
  expectTypeOf(api.notes.list).not.toExtend<OnEnd>();
  type NoArguments = FunctionReference<"action", "internal", Record<string, never>>;
  expectTypeOf<NoArguments>().not.toExtend<OnEnd>();
});

test("getUserId may be any helper of the app that says null or undefined for nobody", () => {
  type GetUserId = NonNullable<
    NonNullable<Parameters<typeof defineTranscriptionJobs>[0]>["getUserId"]
  >;
  type User = Id<"users">;
  expectTypeOf<(ctx: QueryCtx) => Promise<User | null>>().toExtend<GetUserId>();
  expectTypeOf<(ctx: QueryCtx | MutationCtx) => Promise<User>>().toExtend<GetUserId>();
  expectTypeOf<(ctx: Pick<QueryCtx, "auth">) => string | null>().toExtend<GetUserId>();
  expectTypeOf<() => Promise<string | undefined>>().toExtend<GetUserId>();
  expectTypeOf<() => Promise<number>>().not.toExtend<GetUserId>();
});

test("errors narrow", () => {
  const error: unknown = null;
  if (isJobError(error)) {
    expectTypeOf(error.data.code).toExtend<string>();
    expectTypeOf(error.data.code).not.toBeAny();
    expectTypeOf<"job_not_found">().toExtend<typeof error.data.code>();
  }
});
