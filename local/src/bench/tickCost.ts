import { fileURLToPath } from "node:url";
import { makeFunctionReference } from "convex/server";
import { Deployment } from "../functions/deployment";
import { loadModules } from "../functions/loadModules";

/** What one update reads and writes, as Convex bills it. */
export interface TickCost {
  documentsRead: number;
  documentsWritten: number;
  bytesRead: number;
  bytesWritten: number;
}

const update = makeFunctionReference<"mutation">("transcriptionJobs:updateFromAPI");
const createFor = makeFunctionReference<"mutation">("transcriptionJobs:createFor");

/** Measures one tick without and one with a live segment, an hour into a transcript. */
export async function tickCosts(): Promise<{ plain: TickCost; live: TickCost }> {
  const functionsDir = fileURLToPath(new URL("../../../convex", import.meta.url));
  const deployment = new Deployment(await loadModules(functionsDir), () => undefined);
  const cost = async (args: object): Promise<TickCost> =>
    await deployment.run(async (ctx) => {
      const common = { jobId: "job", attempt: 1, status: "processing" };
      await ctx.runMutation(update, { ...common, stage: "transcribing", ...args });
      const used = await ctx.meta.getTransactionMetrics();
      return {
        documentsRead: used.documentsRead.used,
        documentsWritten: used.documentsWritten.used,
        bytesRead: used.bytesRead.used,
        bytesWritten: used.bytesWritten.used,
      };
    });
  const live = (offset: number, count: number) => {
    const segments = Array.from({ length: count }, (_, index) =>
      JSON.stringify(spoken(offset + index)),
    );
    const sizes = segments.map((segment) => segment.length);
    return { offset, items: [{ segments, sizes }] };
  };
  await deployment.run(async (ctx) => {
    await ctx.runMutation(createFor, { userId: "bench", jobId: "job" });
  });
  await cost({ sequence: 1, live: live(0, 1_225) });
  return {
    plain: await cost({ sequence: 2, progress: 40, estimatedTimeRemaining: 60 }),
    live: await cost({ sequence: 3, progress: 42, live: live(1_225, 1) }),
  };
}

/** Three seconds of speech as a worker reports them. */
function spoken(index: number) {
  const start = index * 3;
  return { start, end: start + 3, text: " and then we went home to look at it again" };
}
