import { renderHook } from "@testing-library/react";
import { ConvexProviderWithAuth, ConvexReactClient } from "convex/react";
import { useEffect, type ReactNode } from "react";
import { inject, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import {
  ConvexClientProvider,
  usePersistentTranscription,
  useTranscript,
  type PersistentTranscription,
  type TranscriptState,
  type UsePersistentTranscriptionOptions,
} from "../../src/transcription";
import { TestUser } from "./support/user";

type Options = Partial<UsePersistentTranscriptionOptions>;

/** A page's client; `url` may be that of a proxy. */
export function createClient(url: string, Socket: typeof WebSocket = WebSocket): ConvexReactClient {
  return new ConvexReactClient(url, {
    logger: false,
    unsavedChangesWarning: false,
    webSocketConstructor: Socket as unknown as typeof globalThis.WebSocket,
  });
}

/** What a test's page is. */
export interface TestPage {
  /** Who is signed in, `null` for nobody; or the user whom the test signs in and out. */
  subject: string | TestUser | null;
  url?: string;
  options?: Options;
  Socket?: typeof WebSocket;
}

/** A value that was shown: for whom, and of what. */
export interface Shown<T, Props = unknown> {
  subject: string | null;
  props: Props;
  value: T;
}

/** Renders the hook as a page does, in StrictMode, until the test ends; `rerender` takes options. */
export function renderPage({ options = {}, ...page }: TestPage) {
  const user = page.subject instanceof TestUser ? page.subject : new TestUser(page.subject);
  const usePage = (given: Options): PersistentTranscription =>
    usePersistentTranscription({
      apiBaseUrl: "http://127.0.0.1:9",
      fetchToken: user.fetchToken,
      ...given,
    });
  return { user, ...renderSignedIn(usePage, options, { ...page, user }) };
}

/** Renders `useTranscript` as a page does, in StrictMode, until the test ends; `rerender` takes a job's id. */
export function renderTranscript(jobId: string | null, page: Omit<TestPage, "options">) {
  const user = page.subject instanceof TestUser ? page.subject : new TestUser(page.subject);
  const { fetchToken } = user;
  const useIt = (given: { jobId: string | null }): TranscriptState =>
    useTranscript(given.jobId, { fetchToken });
  return { user, ...renderSignedIn(useIt, { jobId }, { ...page, user }) };
}

function renderSignedIn<Props, T>(
  useIt: (props: Props) => T,
  initialProps: Props,
  { url = inject("convexUrl"), Socket, user }: TestPage & { user: TestUser },
) {
  const clients: ConvexReactClient[] = [];
  const shown: Shown<T, Props>[] = [];
  const create = (): ConvexReactClient => {
    const client = createClient(url, Socket);
    clients.push(client);
    return client;
  };
  const wrapper = ({ children }: { children: ReactNode }) => (
    <ConvexClientProvider createClient={create}>
      {(client) => (
        <ConvexProviderWithAuth client={client} useAuth={user.useAuth}>
          {children}
        </ConvexProviderWithAuth>
      )}
    </ConvexClientProvider>
  );
  const useShown = (props: Props): T => {
    const value = useIt(props);
    // Not in the effect: it may run when somebody else has signed in already.
    const { subject } = user;
    useEffect(() => {
      shown.push({ subject, props, value });
    });
    return value;
  };
  // As the root's own child: further inside, StrictMode does not run effects twice.
  const page = renderHook(useShown, { wrapper, initialProps, reactStrictMode: true });
  onTestFinished(() => {
    page.unmount();
  });
  return { ...page, clients, shown };
}
