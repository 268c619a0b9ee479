import type { RawData, WebSocket } from "ws";
import { AuthFailure, type User } from "../auth/user";
import type { TokenVerifier } from "../auth/verifier";
import type { Deployment } from "../functions/deployment";
import {
  MAX_PENDING_FRAMES,
  MAX_QUERIES_PER_CONNECTION,
  MAX_TIMER_MS,
  MAX_UNSENT_BYTES,
} from "../limits";
import { inChunks } from "./chunks";
import {
  actionResponse,
  authErrorFrame,
  fatalErrorFrame,
  mutationResponse,
  PING_FRAME,
  transitionFrame,
  type StateVersion,
} from "./frames";
import {
  parseClientMessage,
  ProtocolError,
  type ClientMessage,
  type QuerySetChange,
} from "./messages";
import { keyOf, type QueryResult, type Subscription } from "./results";
import type { Session, Sessions } from "./sessions";
import type { Subscriber, Subscriptions } from "./subscriptions";

/** What connections share. */
export interface SyncServices {
  deployment: Deployment;
  subscriptions: Subscriptions;
  sessions: Sessions;
  verifier: TokenVerifier;
}

type CallMessage = ClientMessage & { type: "Mutation" | "Action" };

const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;

/** One client on the sync WebSocket: answers its messages, in order, and sends it Transitions. */
export class Connection implements Subscriber {
  readonly #socket: WebSocket;
  readonly #services: SyncServices;
  readonly #takesChunks: boolean;
  readonly #queries = new Map<number, Subscription>();
  #session: Session | null = null;
  #clockSkew: number | null = null;
  #user: User | null = null;
  #expiry: NodeJS.Timeout | undefined;
  #inbox: Promise<void> = Promise.resolve();
  #pending = 0;
  /** What the client has been told, and what it has asked for since. */
  #told: StateVersion = { querySet: 0, identity: 0, timestamp: 0n };
  #querySet = 0;
  #identity = 0;
  #removed: number[] = [];
  #owesTransition = false;

  constructor(socket: WebSocket, services: SyncServices, takesChunks: boolean) {
    this.#socket = socket;
    this.#services = services;
    this.#takesChunks = takesChunks;
    services.subscriptions.add(this);
    socket.on("message", (data, isBinary) => {
      this.#receive(data, isBinary);
    });
    socket.on("close", () => {
      clearTimeout(this.#expiry);
      services.subscriptions.delete(this);
    });
    // A frame that breaks the WebSocket protocol, or a broken line: ws closes the socket itself.
    socket.on("error", () => undefined);
  }

  get user(): User | null {
    return this.#user;
  }

  get subscriptions(): Iterable<Subscription> {
    return this.#queries.values();
  }

  ping(): void {
    this.#send(PING_FRAME);
  }

  deliver(timestamp: bigint, results: Map<string, QueryResult>): boolean {
    const modifications = this.#removed.map(
      (queryId) => `{"type":"QueryRemoved","queryId":${queryId}}`,
    );
    const updates: [Subscription, QueryResult][] = [];
    for (const query of this.#queries.values()) {
      const result = results.get(query.key);
      if (result === undefined || query.isDue) return false;
      if (query.sent !== result.fingerprint) updates.push([query, result]);
    }
    for (const [query, result] of updates) {
      modifications.push(`{"queryId":${query.queryId},${result.body}}`);
      query.sent = result.fingerprint;
      if (query.journal !== result.journal) {
        query.journal = result.journal;
        query.key = keyOf(query, this.#user);
        results.set(query.key, result);
      }
    }
    const isNewVersion =
      this.#querySet !== this.#told.querySet || this.#identity !== this.#told.identity;
    if (modifications.length === 0 && !isNewVersion && !this.#owesTransition) return true;
    const version = { querySet: this.#querySet, identity: this.#identity, timestamp };
    const transition = transitionFrame(this.#told, version, modifications, this.#clockSkew);
    this.#send(...(this.#takesChunks ? inChunks(transition) : [transition]));
    this.#told = version;
    this.#removed = [];
    this.#owesTransition = false;
    return true;
  }

  #receive(data: RawData, isBinary: boolean): void {
    const earlier = this.#inbox;
    this.#inbox = this.#guard(async () => {
      await earlier;
      if (!this.#isOpen()) return;
      if (isBinary) throw new ProtocolError("Binary frames are not part of the protocol");
      await this.#handle(parseClientMessage((data as Buffer).toString()));
    });
  }

  async #handle(message: ClientMessage): Promise<void> {
    if (message.type === "Connect") {
      if (this.#session !== null) throw new ProtocolError("Connect must be sent once");
      this.#session = this.#services.sessions.open(message.sessionId);
      if (message.clientTs !== null) this.#clockSkew = message.clientTs - Date.now();
      return;
    }
    if (this.#session === null) throw new ProtocolError("Connect must be the first message");
    switch (message.type) {
      case "ModifyQuerySet":
        if (message.baseVersion !== this.#querySet || message.newVersion <= this.#querySet) {
          throw new ProtocolError("The query set's version is not the next one");
        }
        for (const change of message.changes) this.#changeQuerySet(change);
        this.#querySet = message.newVersion;
        this.#services.subscriptions.request();
        return;
      case "Authenticate":
        await this.#authenticate(message.baseVersion, message.token);
        return;
      case "Mutation":
        this.#mutate(this.#session, message);
        return;
      case "Action":
        this.#act(message);
        return;
      case "Event":
        return;
    }
  }

  #changeQuerySet(change: QuerySetChange): void {
    const { queryId } = change;
    if (change.type === "Remove") {
      if (!this.#queries.delete(queryId)) throw new ProtocolError("No query has the removed id");
      this.#removed.push(queryId);
      return;
    }
    if (this.#queries.has(queryId)) throw new ProtocolError("Another query has the added id");
    if (this.#queries.size >= MAX_QUERIES_PER_CONNECTION) {
      throw new ProtocolError(`A connection takes ${MAX_QUERIES_PER_CONNECTION} queries at most`);
    }
    const { udfPath, args, journal } = change;
    const key = keyOf(change, this.#user);
    this.#queries.set(queryId, { queryId, udfPath, args, journal, key, sent: null, isDue: false });
  }

  async #authenticate(baseVersion: number, token: string | null): Promise<void> {
    if (baseVersion !== this.#identity) {
      throw new ProtocolError("The identity's version is not the current one");
    }
    this.#user = token === null ? null : await this.#services.verifier.verify(token);
    this.#identity += 1;
    for (const query of this.#queries.values()) {
      query.key = keyOf(query, this.#user);
      // As on the platform, also for a new token of the same user.
      query.isDue = true;
    }
    this.#watchExpiry();
    this.#services.subscriptions.request();
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    if (this.#user === null) return;
    const left = this.#user.expiresAt - Date.now();
    this.#expiry = setTimeout(
      () => {
        if (left > MAX_TIMER_MS) this.#watchExpiry();
        else this.#close(authErrorFrame("Token expired", this.#identity, false), "Token expired");
      },
      Math.min(left, MAX_TIMER_MS),
    );
    this.#expiry.unref();
  }

  #mutate(session: Session, { requestId, udfPath, args }: CallMessage): void {
    const user = this.#user;
    void this.#guard(async () => {
      const reply = await session.once(requestId, async () => {
        const { deployment } = this.#services;
        const { outcome, timestamp } = await deployment.mutation(udfPath, args, user);
        return {
          frame: mutationResponse(requestId, outcome, timestamp),
          timestamp: outcome.success ? timestamp : null,
        };
      });
      this.#send(reply.frame);
      if (reply.timestamp === null) return;
      this.#owesTransition = true;
      this.#services.subscriptions.request();
    });
  }

  #act({ requestId, udfPath, args }: CallMessage): void {
    const user = this.#user;
    void this.#guard(async () => {
      const outcome = await this.#services.deployment.action(udfPath, args, user);
      this.#send(actionResponse(requestId, outcome));
    });
  }

  /** Does something that the client asked for: what goes wrong ends this connection and no other. */
  async #guard(work: () => Promise<void>): Promise<void> {
    this.#pending += 1;
    if (this.#pending === MAX_PENDING_FRAMES) this.#socket.pause();
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
    this.#pending -= 1;
    if (this.#pending < MAX_PENDING_FRAMES && this.#socket.isPaused) this.#socket.resume();
  }

  #fail(error: unknown): void {
    if (error instanceof AuthFailure) {
      this.#close(authErrorFrame(error.message, this.#identity, true), error.code);
    } else if (error instanceof ProtocolError) {
      this.#close(fatalErrorFrame(error.message), error.message);
    } else {
      this.#services.deployment.report("A client's message could not be handled", error);
      this.#socket.close(INTERNAL_ERROR, "InternalServerError");
    }
  }

  #close(lastFrame: string, reason: string): void {
    this.#send(lastFrame);
    this.#socket.close(POLICY_VIOLATION, reason);
  }

  #send(...frames: string[]): void {
    if (!this.#isOpen()) return;
    // A client that does not read gets everything anew when it reconnects.
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
    else for (const frame of frames) this.#socket.send(frame);
  }

  #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }
}
