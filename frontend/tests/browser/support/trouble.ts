import type { Page, Request } from "playwright-core";

/** What went wrong in pages, and how much they asked for. */
export class Trouble {
  readonly #seen: string[] = [];
  readonly #expected: RegExp[] = [];
  readonly #requests: string[] = [];
  readonly #sockets: string[] = [];

  watch(page: Page): void {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.#seen.push(`console ${message.type()}: ${message.text()}`);
      }
    });
    page.on("pageerror", (error) => this.#seen.push(`exception: ${String(error)}`));
    page.on("request", (request) => this.#requests.push(describe(request)));
    page.on("websocket", (socket) => this.#sockets.push(socket.url()));
    page.on("requestfailed", (request) => {
      this.#seen.push(`request: ${describe(request)}: ${request.failure()?.errorText ?? "?"}`);
    });
  }

  /** Says what this test's fault brings about by itself. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** What nobody expected. */
  unexpected(): string[] {
    return this.#seen.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
  }

  /** How many requests there were, such as `GET http://127.0.0.1:3210/api/query`. */
  count(pattern: RegExp): number {
    return this.#requests.filter((request) => pattern.test(request)).length;
  }

  /** WebSockets that were opened. */
  get sockets(): number {
    return this.#sockets.length;
  }
}

function describe(request: Request): string {
  return `${request.method()} ${request.url()}`;
}
