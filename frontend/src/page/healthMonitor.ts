import { WorkerApi } from "../transcription/upload/workerApi";
import type { UploadLimits } from "./checkFile";

/** What is known of the transcription service: `off` where the page has no address of one. */
export type HealthState =
  | { status: "off" }
  | { status: "loading" }
  | { status: "ready"; limits: UploadLimits }
  | { status: "unreachable" };

/** Asks the transcription service what it takes: once, and again when somebody wants it. */
export class HealthMonitor {
  readonly #apiUrl: string | null;
  readonly #listeners = new Set<() => void>();
  #state: HealthState;
  #asking: Promise<UploadLimits | null> | null = null;

  constructor(apiUrl: string | null) {
    this.#apiUrl = apiUrl;
    this.#state = apiUrl === null ? { status: "off" } : { status: "loading" };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): HealthState => this.#state;

  /** What the service takes, asked only where it is not known yet; `null` where there is none. */
  async limits(): Promise<UploadLimits | null> {
    return this.#state.status === "ready" ? this.#state.limits : await this.check();
  }

  /** Asks anew; all who ask at the same time share one request. */
  async check(): Promise<UploadLimits | null> {
    if (this.#apiUrl === null) return null;
    this.#asking ??= this.#ask(this.#apiUrl);
    return await this.#asking;
  }

  async #ask(apiUrl: string): Promise<UploadLimits | null> {
    this.#become({ status: "loading" });
    try {
      const limits = await new WorkerApi({ baseUrl: apiUrl }).health();
      this.#become({ status: "ready", limits });
      return limits;
    } catch {
      this.#become({ status: "unreachable" });
      return null;
    } finally {
      this.#asking = null;
    }
  }

  #become(state: HealthState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
