import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import { inject } from "vitest";
import { postUpdate } from "../../../support/backend";
import { json, refuse, serve } from "../../upload/support/server";
import type { Stamped } from "../../support/convexLine";

/** An update as the worker posts it, without its number. */
export interface Report {
  status: "pending" | "processing" | "completed" | "failed" | "cancelled";
  progress?: number;
  message?: string;
  error?: string;
  attempt?: number;
}

interface View extends Report {
  jobId: string;
  sequence: number;
  attempt: number;
  progress: number;
  createdAt: number;
  updatedAt: number;
  endedBy?: "worker";
}

type Mode = "up" | "down" | "held" | ((response: ServerResponse) => void);

/** A worker with a real HTTP API, whose reports reach Convex only where the test lets them. */
export class WorkerStub {
  url = "";
  mode: Mode = "up";
  readonly requests: Stamped[] = [];
  readonly tickets = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #views = new Map<string, View>();
  readonly #held: (() => void)[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Opens the API until the test ends. */
  async open(): Promise<this> {
    const { url } = await serve((response, { path, headers }) => {
      this.requests.push({ at: this.#now(), path });
      const answer = (): void => {
        this.#answer(response, path.replace("/job/", ""), headers.authorization ?? "");
      };
      if (this.mode === "held") this.#held.push(answer);
      else if (this.mode === "down") response.destroy();
      else if (this.mode === "up") answer();
      else this.mode(response);
    });
    this.url = url;
    return this;
  }

  /** How many questions wait for `release`. */
  get held(): number {
    return this.#held.length;
  }

  /** Answers what was held, with what the worker knows by now. */
  release(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  /** The worker knows it, and cannot tell Convex. */
  know(jobId: string, report: Report): View {
    const before = this.#views.get(jobId);
    const base = before?.attempt === (report.attempt ?? 1) ? before : undefined;
    const now = Date.now();
    const isEnd = report.status !== "pending" && report.status !== "processing";
    const view: View = {
      ...report,
      jobId,
      attempt: report.attempt ?? 1,
      sequence: (base?.sequence ?? -1) + 1,
      progress:
        report.status === "completed" ? 100 : Math.max(base?.progress ?? 0, report.progress ?? 0),
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      ...(isEnd && { endedBy: "worker" as const }),
    };
    this.#views.set(jobId, view);
    return view;
  }

  /** Tells Convex what the worker knows of the job. */
  async post(jobId: string): Promise<void> {
    const view = this.#views.get(jobId);
    if (view === undefined) throw new Error(`Nothing is known of ${jobId}`);
    const { createdAt: _c, updatedAt: _u, endedBy: _e, ...update } = view;
    const answer = await postUpdate(update);
    if (!answer.ok) throw new Error(`The update was refused: ${JSON.stringify(answer)}`);
  }

  /** The worker knows it, and tells Convex at once. */
  async report(jobId: string, report: Report): Promise<View> {
    const view = this.know(jobId, report);
    await this.post(jobId);
    return view;
  }

  /** Takes no ticket that has been used before. */
  rotateKey(): void {
    for (const ticket of this.tickets) this.#refused.add(ticket);
  }

  #answer(response: ServerResponse, jobId: string, authorization: string): void {
    this.tickets.add(authorization);
    if (this.#refused.has(authorization) || !isTicketOf(jobId, authorization)) {
      refuse(response, 401, "unauthorized", "Give the job's ticket.");
      return;
    }
    const view = this.#views.get(jobId);
    if (view === undefined) refuse(response, 404, "job_not_found", "There is no such job.");
    else json(response, 200, { segmentCount: 0, ...view });
  }
}

function isTicketOf(jobId: string, authorization: string): boolean {
  const [expiry = "", signature = ""] = authorization.replace(/^Bearer /, "").split(".");
  const hmac = createHmac("sha256", inject("apiKey")).update(`ticket.v1\n${jobId}\n${expiry}`);
  return Number(expiry) * 1000 > Date.now() && signature === hmac.digest("base64url");
}
