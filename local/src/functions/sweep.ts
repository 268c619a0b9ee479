import { SWEEP_INTERVAL_MS } from "../limits";
import type { Deployment } from "./deployment";

/**
 * Drops finished scheduled functions from time to time: convex-test keeps them, and looks at every
 * row of every table in each query. Returns the function that stops it.
 */
export function sweepScheduled(deployment: Deployment): () => void {
  const timer = setInterval(() => {
    dropFinished(deployment).catch((error: unknown) => {
      deployment.report("Finished scheduled functions could not be dropped", error);
    });
  }, SWEEP_INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** Drops them now. */
export async function dropFinished(deployment: Deployment): Promise<void> {
  await deployment.run(async ({ db }) => {
    // The system tables are read-only by type; convex-test has them in one store with all others.
    const writer = db as unknown as { delete: (id: string) => Promise<void> };
    for (const row of await db.system.query("_scheduled_functions").collect()) {
      if (["success", "failed", "canceled"].includes(row.state.kind)) await writer.delete(row._id);
    }
  });
}
