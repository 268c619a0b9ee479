/**
 * The contract vectors over HTTP, against any deployment: `npm run test:live`.
 *
 * - `CONVEX_URL`, `CONVEX_API_KEY`: the deployment and its key. `CONVEX_SITE_URL` where the HTTP actions are not at the
 *   usual place.
 * - `CONVEX_TEST_TOKEN`: a JWT that the deployment accepts. With it, rows are made, read and removed as its user.
 * - Without it, rows are made with `npx convex run` where the CLI knows a deployment, which must be the same one.
 *   Then only the answers are checked, and the rows stay, under users called `vectors-…`.
 * - With neither, only the vectors that need no row run.
 */
import { describe, test } from "vitest";
import { type Backend, runVector } from "../support/vectorRunner";
import { loadVectors, needsNoRow, type Vector } from "../support/vectors";
import { type Deployment, readDeployment } from "./deployment";

const TIMEOUT_MS = 120_000;
const ATTEMPTS_AT_503 = 4;

/** Why a vector, or the part of it that looks at the row, cannot run here. */
function obstacle(vector: Vector, { rows }: Deployment): string | undefined {
  if (!needsNoRow(vector) && rows.kind === "none") return "needs a row";
  if (vector.cancelledByUser && rows.kind !== "user") return "needs CONVEX_TEST_TOKEN";
  return undefined;
}

function looksAtRow({ expect }: Vector): boolean {
  const parts = [expect.row, expect.transcript, expect.segments, expect.text];
  return parts.some((part) => part !== undefined);
}

async function run(vector: Vector, deployment: Deployment): Promise<void> {
  const { rows, key } = deployment;
  const reader = rows.kind === "user" ? { reader: rows } : {};
  const backend: Backend = {
    send: async (path, init) => await send(deployment, path, init),
    ...reader,
  };
  const jobId = `vectors-${crypto.randomUUID()}`;
  const owned = vector.job !== "missing" && (rows.kind === "user" || !needsNoRow(vector));
  const userId = owned && rows.kind !== "none" ? await rows.create(jobId) : "nobody";
  await runVector(vector, backend, { jobId, userId, key, now: Date.now() });
  // A vector that failed leaves its row to be looked at.
  if (owned && rows.kind === "user") await rows.remove(jobId);
}

/** One request; like a worker, it comes again when the database could not take the write. */
async function send({ siteUrl }: Deployment, path: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${siteUrl}${path}`, init);
    if (response.status !== 503 || attempt === ATTEMPTS_AT_503) return response;
    const seconds = Number(response.headers.get("Retry-After") ?? 1);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

const found = readDeployment();
if ("problem" in found) {
  test("a deployment to test", () => {
    throw new Error(found.problem);
  });
} else {
  console.info(`Vectors against ${found.siteUrl}. ${found.rows.description}`);
  describe.concurrent.each(loadVectors())("$file", ({ vectors }) => {
    for (const vector of vectors) {
      const reason = obstacle(vector, found);
      if (reason !== undefined) {
        test.skip(`${vector.name} (${reason})`);
        continue;
      }
      test(vector.name, { timeout: TIMEOUT_MS }, async () => {
        await run(vector, found);
      });
      if (looksAtRow(vector) && found.rows.kind !== "user") {
        test.skip(`${vector.name}: the row (needs CONVEX_TEST_TOKEN)`);
      }
    }
  });
}
