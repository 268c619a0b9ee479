import { ConvexError } from "convex/values";
import { expect, test, vi } from "vitest";
import { Tickets } from "../../../src/transcription/upload/tickets";

const NOW = 1_760_000_000_000;
const MINUTE = 60_000;

function ticket(end: number, signature = "s"): string {
  return `${Math.floor(end / 1000)}.${signature}`;
}

function make(...answers: (string | null | Error)[]) {
  const clock = { now: NOW };
  const fetchTicket = vi.fn((_jobId: string) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? null);
  });
  return { tickets: new Tickets(fetchTicket, () => clock.now), fetchTicket, clock };
}

test("a ticket is asked for once, and again shortly before it ends", async () => {
  const first = ticket(NOW + 60 * MINUTE);
  const second = ticket(NOW + 120 * MINUTE);
  const { tickets, fetchTicket, clock } = make(first, second);
  expect(await tickets.get("a")).toBe(first);
  clock.now += 54 * MINUTE;
  expect(await tickets.get("a")).toBe(first);
  expect(fetchTicket).toHaveBeenCalledTimes(1);
  clock.now += MINUTE;
  expect(await tickets.get("a")).toBe(second);
  expect(await tickets.get("a")).toBe(second);
  expect(fetchTicket.mock.calls).toEqual([["a"], ["a"]]);
});

test("each job has its own", async () => {
  const { tickets, fetchTicket } = make(ticket(NOW + 60 * MINUTE, "1"), ticket(NOW, "2"));
  expect(await tickets.get("a")).not.toBe(await tickets.get("b"));
  expect(fetchTicket.mock.calls).toEqual([["a"], ["b"]]);
});

test("those who ask at the same time share one request, also a failed one", async () => {
  const { tickets, fetchTicket } = make(new Error("down"), ticket(NOW + 60 * MINUTE));
  const failed = await Promise.allSettled([tickets.get("a"), tickets.get("a")]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(fetchTicket).toHaveBeenCalledTimes(1);
  const [one, other] = await Promise.all([tickets.get("a"), tickets.get("a")]);
  expect(one).toBe(other);
  expect(fetchTicket).toHaveBeenCalledTimes(2);
});

test("what is put is used, unless it is about to end or is no ticket", async () => {
  const fresh = ticket(NOW + 60 * MINUTE, "fresh");
  for (const put of [ticket(NOW + 5 * MINUTE), "garbage", ".x", null]) {
    const { tickets, fetchTicket } = make(fresh);
    tickets.put("a", put);
    expect(await tickets.get("a")).toBe(fresh);
    expect(fetchTicket).toHaveBeenCalledTimes(1);
  }
  const { tickets, fetchTicket } = make(fresh);
  tickets.put("a", ticket(NOW + 6 * MINUTE));
  expect(await tickets.get("a")).toBe(ticket(NOW + 6 * MINUTE));
  expect(fetchTicket).not.toHaveBeenCalled();
});

test("a refused ticket is forgotten, also while it is asked for", async () => {
  const old = ticket(NOW + 60 * MINUTE, "old");
  const next = ticket(NOW + 60 * MINUTE, "new");
  const { tickets } = make(old, next);
  const asked = tickets.get("a");
  tickets.forget("a");
  expect(await asked).toBe(old);
  expect(await tickets.get("a")).toBe(next);
  tickets.put("a", old);
  tickets.forget("a");
  expect(await tickets.get("a")).toBe(next);
});

test("says why there is none", async () => {
  await expect(make(null).tickets.get("a")).rejects.toMatchObject({ code: "not_configured" });
  const refused = new ConvexError({ code: "job_not_found", message: "There is no such job." });
  await expect(make(refused).tickets.get("a")).rejects.toMatchObject({
    name: "TranscriptionError",
    code: "job_not_found",
  });
});
