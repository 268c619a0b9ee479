import { convexTest } from "convex-test";
import { afterEach, vi } from "vitest";
import { api } from "../../convex/_generated/api";
import type { Doc } from "../../convex/_generated/dataModel";
import type { Job } from "../../convex/transcription/model/decide";
import schema from "../../convex/schema";
import { register } from "../register";

export const KEY = "test-key-of-the-worker";
const modules = import.meta.glob("../../convex/**/*.*s");

/** Tighter limits for each transaction: documents, bytes. */
export type Limits = Partial<
  Record<"documentsRead" | "documentsWritten" | "bytesRead" | "bytesWritten", number>
>;

/**
 * A fresh deployment with one key, in memory, with the platform's limits.
 * @param options.limits tighter ones; it is read at every transaction, so that a test may prepare
 *   with the platform's and tighten it afterwards
 */
export function newBackend(options: { keys?: string; limits?: Limits } = {}) {
  const t = convexTest({ schema, modules, transactionLimits: options.limits ?? true });
  const worker = register(t, { key: KEY });
  vi.stubEnv("CONVEX_API_KEY", options.keys ?? KEY);
  const as = (subject: string) => t.withIdentity({ subject, issuer: "https://issuer.example" });
  return {
    t,
    as,
    alice: as("alice"),
    bob: as("bob"),
    post: worker.post,
    postAll: worker.postAll,
    send: async (body: BodyInit | null, headers?: Record<string, string>) =>
      await worker.send("/updateTranscriptionJob", body, headers),

    /** Makes a job of Alice's and returns its id. */
    async newJob(jobId?: string): Promise<string> {
      const args = jobId === undefined ? {} : { jobId };
      return (await this.alice.mutation(api.transcriptionJobs.create, args)).jobId;
    },

    /** Puts rows into the table as they are, for states that take long to reach. */
    insertJobs: async (count: number, fields: (index: number) => Partial<Job>) => {
      await t.run(async (ctx) => {
        for (let index = 0; index < count; index++) {
          await ctx.db.insert("transcriptionJobs", {
            jobId: `job-${index}`,
            userId: "https://issuer.example|alice",
            status: "processing",
            progress: 0,
            createdAt: 0,
            updatedAt: 0,
            attempt: 1,
            segmentCount: 0,
            pageCount: 0,
            ...fields(index),
          });
        }
      });
    },

    row: async (jobId: string): Promise<Doc<"transcriptionJobs">> => {
      const row = await t.run(async (ctx) => {
        return await ctx.db
          .query("transcriptionJobs")
          .withIndex("by_job_id", (q) => q.eq("jobId", jobId))
          .unique();
      });
      if (row === null) throw new Error(`no row for ${jobId}`);
      return row;
    },

    /** Every document of every table, to show that nothing was changed. */
    dump: async () =>
      await t.run(async (ctx) => ({
        transcriptionJobs: await ctx.db.query("transcriptionJobs").collect(),
        transcriptionTranscripts: await ctx.db.query("transcriptionTranscripts").collect(),
        transcriptionPages: await ctx.db.query("transcriptionPages").collect(),
        transcriptionStats: await ctx.db.query("transcriptionStats").collect(),
        scheduled: await ctx.db.system.query("_scheduled_functions").collect(),
      })),

    /** The transcript as its owner reads it, page by page. */
    async transcript(jobId: string): Promise<{ texts: string[]; text: string }> {
      const texts: string[] = [];
      let text = "";
      for (let page = 0; ; page++) {
        const found = await this.alice.query(api.transcriptionJobs.transcript, { jobId, page });
        if (found === null) return { texts, text };
        texts.push(...found.segments.map((segment) => segment.text));
        text += found.text ?? "";
      }
    },
  };
}
export type Backend = ReturnType<typeof newBackend>;

/** `count` segments from `from` on, each a second long. */
export function segments(from: number, count: number, text = "segment") {
  return Array.from({ length: count }, (_, index) => ({
    start: from + index,
    end: from + index + 1,
    text: `${text} ${from + index}`,
  }));
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
