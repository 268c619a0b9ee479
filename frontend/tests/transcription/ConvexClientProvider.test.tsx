import { render, renderHook } from "@testing-library/react";
import { ConvexProviderWithAuth, useConvex, type ConvexReactClient } from "convex/react";
import { useEffect, type ReactNode } from "react";
import { inject, onTestFinished, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ConvexClientProvider, usePersistentTranscription } from "../../src/transcription";
import { useReplaceableClient } from "../../src/transcription/ConvexClientProvider";
import { eventually } from "../support/backend";
import { createClient, renderPage } from "./support";
import { createJob, newSubject, postProgress } from "./support/jobs";
import { ConvexLine } from "./support/convexLine";
import { tapSockets } from "./support/sockets";
import { TestUser } from "./support/user";

test("StrictMode leaves the client in use open, and its spare one opens nothing", async () => {
  const subject = newSubject();
  const { Socket, made } = tapSockets();
  const { result } = renderPage({ subject, Socket });
  await eventually(() => {
    expect(result.current.activeJobs.status).toBe("success");
  });
  const jobId = await createJob(subject);
  await eventually(() => {
    expect(result.current.getJob(jobId)).not.toBeNull();
  });
  expect(made.map(({ readyState }) => readyState)).toEqual([WebSocket.OPEN]);
});

test("with the page its client is closed", async () => {
  const { Socket, made } = tapSockets();
  const { result, clients, unmount } = renderPage({ subject: newSubject(), Socket });
  await eventually(() => {
    expect(result.current.activeJobs.status).toBe("success");
  });
  const used = clients.find((client) => client.connectionState().hasEverConnected);
  unmount();
  await eventually(() => {
    expect(() => used?.connectionState()).toThrow("closed");
    expect(made[0]?.readyState).toBe(WebSocket.CLOSED);
  });
});

test.each([true, false])(
  "a replaced client is closed once everybody has let go of it (StrictMode: %s)",
  async (isStrict) => {
    const clients: ConvexReactClient[] = [];
    const create = (): ConvexReactClient => {
      const client = createClient(inject("convexUrl"));
      clients.push(client);
      return client;
    };
    // A new function at every render, as apps write it.
    const wrapper = ({ children }: { children: ReactNode }) => (
      <ConvexClientProvider createClient={() => create()}>{() => children}</ConvexClientProvider>
    );
    const { result, rerender, unmount } = renderHook(() => useReplaceableClient(), {
      wrapper,
      reactStrictMode: isStrict,
    });
    onTestFinished(unmount);
    const first = result.current;
    const made = clients.length;
    rerender();
    rerender();
    expect(clients).toHaveLength(made);
    first?.replaceClient();
    await eventually(() => {
      expect(clients).toHaveLength(made + 1);
      expect(clients.filter(isClosed)).toHaveLength(1);
    });
    expect(isClosed(clients.at(-1))).toBe(false);
    unmount();
    await eventually(() => {
      expect(isClosed(clients.at(-1))).toBe(true);
    });
  },
);

test("who lets go of a replaced client in a clean-up finds it open", async () => {
  const found: boolean[] = [];
  let replace: () => void = () => undefined;
  function Child({ client }: { client: ConvexReactClient }) {
    const replaceClient = useReplaceableClient()?.replaceClient;
    useEffect(() => {
      if (replaceClient !== undefined) replace = replaceClient;
    }, [replaceClient]);
    useEffect(() => () => void found.push(!isClosed(client)), [client]);
    return null;
  }
  const { unmount } = render(
    <ConvexClientProvider createClient={() => createClient(inject("convexUrl"))}>
      {(client) => <Child client={client} />}
    </ConvexClientProvider>,
  );
  replace();
  await eventually(() => {
    expect(found).toEqual([true]);
  });
  unmount();
  expect(found).toEqual([true, true]);
});

test("an app that keeps to Convex's own provider has all but the replacement", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const line = await new ConvexLine().open();
  const client = createClient(line.url);
  onTestFinished(() => client.close());
  const user = new TestUser(subject);
  const wrapper = ({ children }: { children: ReactNode }) => (
    <ConvexProviderWithAuth client={client} useAuth={user.useAuth}>
      {children}
    </ConvexProviderWithAuth>
  );
  const options = {
    apiBaseUrl: "http://127.0.0.1:9",
    fetchToken: user.fetchToken,
    stuckAfter: 300,
  };
  const usePage = () => ({ page: usePersistentTranscription(options), client: useConvex() });
  const { result, unmount } = renderHook(usePage, { wrapper });
  onTestFinished(unmount);
  await eventually(() => {
    expect(result.current.page.getJob(jobId)).toMatchObject({ source: "convex" });
  });
  line.mute();
  for (const progress of [30, 60]) {
    await postProgress(jobId, progress);
    await eventually(() => {
      expect(result.current.page).toMatchObject({ sync: "convex-unreachable" });
      expect(result.current.page.getJob(jobId)).toMatchObject({ progress, source: "convex-http" });
    });
  }
  expect(result.current.client).toBe(client);
  expect(line.opened).toBe(1);
});

function isClosed(client: ConvexReactClient | undefined): boolean {
  try {
    client?.connectionState();
    return false;
  } catch {
    return true;
  }
}
