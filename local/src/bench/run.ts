import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { availableParallelism, cpus, totalmem } from "node:os";
import path from "node:path";
import { bundleMetafile } from "../../../scripts/lib/bundle";
import { bundleSize } from "../../../scripts/lib/bundleReport";
import type { LargestBody } from "../../../tests/support/mutationProbe";
import { bytesPerTick, type Latency, latencies, percentiles, throughput } from "./measure";
import { serveSubjects, Subject } from "./subject";
import { type TickCost, tickCosts } from "./tickCost";

const ROUNDS = 10;
const UPDATES_PER_ROUND = 100;
const POSTERS = 16;
const UPDATES_PER_POSTER = 100;
const FUNCTIONS_DIR = path.join(import.meta.dirname, "../../../convex");

/** Both in turns, so that a busy moment of the machine hits both alike. */
async function compare(ours: Subject, bare: Subject): Promise<void> {
  await latencies(ours, UPDATES_PER_ROUND);
  await latencies(bare, UPDATES_PER_ROUND);
  const samples = { ours: [] as number[], bare: [] as number[] };
  const rates = { ours: [] as number[], bare: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    process.stderr.write(`round ${round} of ${ROUNDS}\n`);
    samples.ours.push(...(await latencies(ours, UPDATES_PER_ROUND)));
    samples.bare.push(...(await latencies(bare, UPDATES_PER_ROUND)));
    rates.ours.push(await throughput(ours, POSTERS, UPDATES_PER_POSTER));
    rates.bare.push(await throughput(bare, POSTERS, UPDATES_PER_POSTER));
  }
  const latency = { ours: percentiles(samples.ours), bare: percentiles(samples.bare) };
  const rate = { ours: percentiles(rates.ours).p50, bare: percentiles(rates.bare).p50 };
  const ratio = latency.ours.p50 / latency.bare.p50;
  const milliseconds = ({ p50, p95, p99 }: Latency) =>
    [p50, p95, p99].map((value) => value.toFixed(1)).join(" / ");
  row("", "this module", "bare handler", "");
  row(
    "POST → subscriber, p50 / p95 / p99",
    `${milliseconds(latency.ours)} ms`,
    `${milliseconds(latency.bare)} ms`,
    `${ratio.toFixed(2)} × at p50`,
  );
  row(
    `updates per second, ${POSTERS} posters`,
    rate.ours.toFixed(0),
    rate.bare.toFixed(0),
    `${(rate.ours / rate.bare).toFixed(2)} ×`,
  );
  row(
    "bytes pushed per tick",
    (await bytesPerTick(ours, UPDATES_PER_ROUND)).toFixed(0),
    (await bytesPerTick(bare, UPDATES_PER_ROUND)).toFixed(0),
    "",
  );
}

function row(what: string, ours: string, bare: string, ratio: string): void {
  console.log(`| ${what.padEnd(36)} | ${ours.padEnd(24)} | ${bare.padEnd(24)} | ${ratio} |`);
}

function costRow(what: string, cost: TickCost): void {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  row(
    what,
    `${cost.documentsRead} read, ${cost.documentsWritten} written`,
    `${kib(cost.bytesRead)} / ${kib(cost.bytesWritten)}`,
    "",
  );
}

const [cpu] = cpus();
console.log(
  `${cpu?.model ?? "unknown processor"}, ${availableParallelism()} cores, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; ` +
    `${ROUNDS * UPDATES_PER_ROUND} updates one at a time.\n`,
);
const key = randomBytes(32).toString("base64url");
const { served, stop } = await serveSubjects(key);
const ours = new Subject("ours", served.ours, key);
const bare = new Subject("bare", served.bare, key);
await compare(ours, bare);
await Promise.all([ours.client.close(), bare.client.close()]);
stop();

const { plain, live } = await tickCosts();
console.log("");
row("one tick", "documents", "bytes read / written", "");
costRow("without segments", plain);
costRow("with a live segment", live);

console.log("");
const largest: LargestBody[] = ["Whisper's with word times", "the smallest segments"];
for (const body of largest) {
  const probe = fork(new URL("../../../tests/support/mutationProbe.ts", import.meta.url), [body]);
  const [milliseconds] = (await once(probe, "message")) as [number];
  row(`4 MiB of ${body}`, `${milliseconds.toFixed(0)} ms of mutation CPU`, "", "");
}
const { total, parts } = bundleSize(await bundleMetafile(FUNCTIONS_DIR, ["http.ts"]));
console.log(
  `\nhttp.ts as deployed: ${(total / 1024).toFixed(0)} KiB, ` +
    `zod's share ${(parts.zod / 1024).toFixed(0)} KiB.`,
);
