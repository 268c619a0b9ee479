// Runs in a process of its own with a small heap: the bundled `http.ts` takes one request whose body
// is streamed from a file, as the platform streams it. Prints what reached the mutation.
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { HttpRouter } from "convex/server";

const [bundle = "", bodyFile = ""] = process.argv.slice(2);
const received = { mutations: 0, longestArray: 0, segments: 0 };

function measure(value: unknown): void {
  if (Array.isArray(value)) {
    received.longestArray = Math.max(received.longestArray, value.length);
    value.forEach(measure);
  } else if (typeof value === "object" && value !== null) {
    if ("sizes" in value && "segments" in value) {
      received.segments += (value.segments as string[]).length;
    }
    Object.values(value).forEach(measure);
  }
}

/** What the platform does with the handler's mutation: takes its arguments as JSON. */
const asyncSyscall = (op: string, json: string): Promise<string> => {
  if (op !== "1.0/actions/mutation") throw new Error(`unexpected syscall ${op}`);
  received.mutations++;
  measure((JSON.parse(json) as { args: unknown }).args);
  const row = { jobId: "job", status: "completed", progress: 100, attempt: 1, sequence: null };
  return Promise.resolve(JSON.stringify({ ok: true, outcome: "applied", ...row }));
};
Object.assign(globalThis, { Convex: { asyncSyscall } });

const { default: router } = (await import(pathToFileURL(bundle).href)) as { default: HttpRouter };
const [action] = router.lookup("/updateTranscriptionJob", "POST") ?? [];
if (action === undefined) throw new Error("the endpoint is not routed");
const request = new Request("https://deployment.example/updateTranscriptionJob", {
  method: "POST",
  headers: { Authorization: "Bearer key", "Content-Type": "application/json" },
  body: Readable.toWeb(createReadStream(bodyFile)) as ReadableStream<Uint8Array<ArrayBuffer>>,
  // Node asks for it with a streamed body, the DOM's types do not know it.
  ...{ duplex: "half" },
});
const { invokeHttpAction } = action as unknown as {
  invokeHttpAction: (request: Request) => Promise<Response>;
};
const response = await invokeHttpAction(request);
console.error(JSON.stringify({ status: response.status, ...received }));
