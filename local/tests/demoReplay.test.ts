import { describe, expect, test } from "vitest";
import type { EndpointAnswer } from "../src/demo/endpoint";
import type { RecordedEvent } from "../src/demo/recording";
import { replay, type ReplayPorts } from "../src/demo/replay";

const APPLIED: EndpointAnswer = { ok: true, outcome: "applied", status: "processing" };
const IGNORED: EndpointAnswer = { ok: true, outcome: "ignored", status: "cancelled" };

const create = (job: string, at = 0): RecordedEvent => ({
  at,
  job,
  call: "create",
  fileName: `${job}.mp3`,
  fileSize: 1,
});
const update = (job: string, at: number, sequence: number): RecordedEvent => ({
  at,
  job,
  call: "update",
  update: { status: "processing", sequence, timestamps: { startedAt: at } },
});

/** Ports that write down what is done, with time standing still. */
function recordingPorts(answers: (body: { sequence: number }) => EndpointAnswer = () => APPLIED) {
  const done: string[] = [];
  const ports: ReplayPorts = {
    create: ({ fileName }) => {
      done.push(`create ${fileName}`);
      return Promise.resolve(`id of ${fileName}`);
    },
    cancel: (jobId) => {
      done.push(`cancel ${jobId}`);
      return Promise.resolve();
    },
    send: (body) => {
      const { jobId, sequence } = body as { jobId: string; sequence: number };
      done.push(`send ${jobId} ${sequence}`);
      return Promise.resolve(answers({ sequence }));
    },
    waitUntil: (at) => {
      done.push(`wait ${at}`);
      return Promise.resolve();
    },
  };
  return { done, ports };
}

describe("a replay", () => {
  test("does the events of a job in order, each at its time, for the job that was created", async () => {
    const { done, ports } = recordingPorts();
    const events = [create("a", 3), update("a", 10, 0), update("a", 20, 1)];
    const result = await replay([...events, { at: 30, job: "a", call: "cancel" }], ports, 0);
    expect(done).toEqual([
      "wait 3",
      "create a.mp3",
      "wait 10",
      "send id of a.mp3 0",
      "wait 20",
      "send id of a.mp3 1",
      "wait 30",
      "cancel id of a.mp3",
    ]);
    expect(result).toEqual({ jobIds: new Map([["a", "id of a.mp3"]]), problems: [] });
  });

  test("plays the jobs at the same time", async () => {
    const { ports } = recordingPorts();
    let waiting = 0;
    let together = 0;
    ports.waitUntil = async () => {
      waiting += 1;
      together = Math.max(together, waiting);
      await new Promise((resolve) => setTimeout(resolve, 5));
      waiting -= 1;
    };
    await replay([create("a"), create("b"), create("c")], ports, 0);
    expect(together).toBe(3);
  });

  test("stops sending for a job when the answer says that it has ended", async () => {
    const { done, ports } = recordingPorts(({ sequence }) => (sequence === 1 ? IGNORED : APPLIED));
    const events = [create("a"), update("a", 1, 0), update("a", 2, 1), update("a", 3, 2)];
    const { problems } = await replay(events, ports, 0);
    expect(done.filter((step) => step.startsWith("send"))).toHaveLength(2);
    expect(problems).toEqual([]);
  });

  test("tells of a refusal and goes on", async () => {
    const gap = { ok: false, error: { code: "segment_gap", message: "send from 3" } } as const;
    const { done, ports } = recordingPorts(({ sequence }) => (sequence === 0 ? gap : APPLIED));
    const { problems } = await replay(
      [create("a"), update("a", 1, 0), update("a", 2, 1)],
      ports,
      0,
    );
    expect(problems).toEqual(["Job a, sequence 0: refused, segment_gap: send from 3"]);
    expect(done).toContain("send id of a.mp3 1");
  });

  test("one job's failure leaves the others alone", async () => {
    const { done, ports } = recordingPorts();
    ports.cancel = (jobId) => {
      done.push(`cancel ${jobId}`);
      return jobId.includes("a.mp3")
        ? Promise.reject(new Error("no connection"))
        : Promise.resolve();
    };
    const cancelled = (job: string): RecordedEvent => ({ at: 1, job, call: "cancel" });
    const events = [create("a"), create("b"), cancelled("a"), cancelled("b")];
    const { problems } = await replay(events, ports, 0);
    expect(problems).toEqual(["Job a: no connection"]);
    expect(done).toContain("cancel id of b.mp3");
  });
});
