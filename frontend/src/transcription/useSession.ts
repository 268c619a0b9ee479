import { useConvex } from "convex/react";
import { useEffect, useState } from "react";
import { useReplaceableClient } from "./ConvexClientProvider";
import type { SignIn } from "./queries";
import { Session, type SessionSettings, type SessionTools } from "./session";
import { TIMING } from "./sync/timing";
import type { UsePersistentTranscriptionOptions } from "./types";

/** The page's session: a new one for a new user, and where its settings change. */
export function useSession(
  signIn: SignIn,
  account: number,
  options: UsePersistentTranscriptionOptions,
): Session {
  const client = useConvex();
  const replaceClient = useReplaceableClient()?.replaceClient;
  const { apiBaseUrl, fetchToken, describeUploadError } = options;
  const settings: SessionSettings = {
    apiBaseUrl,
    pollInterval: options.pollInterval ?? TIMING.poll,
    stuckAfter: options.stuckAfter ?? TIMING.stuck,
    hasToken: fetchToken !== undefined,
  };
  const tools: SessionTools = { client, fetchToken, replaceClient, describeUploadError };
  // What was learned for one user is not for the next one.
  const key = JSON.stringify([settings, account]);
  const [held, setHeld] = useState(() => ({ key, session: new Session(settings, tools) }));
  let { session } = held;
  if (held.key !== key) {
    session = new Session(settings, tools);
    setHeld({ key, session });
  }
  useEffect(() => {
    session.use({ client, fetchToken, replaceClient, describeUploadError });
  }, [session, client, fetchToken, replaceClient, describeUploadError]);
  useRunning(session, signIn !== "signed-out");
  useSurroundings(session);
  return session;
}

/** The session acts while its user is signed in and the component is there. */
function useRunning({ fallback, uploads }: Session, isRunning: boolean): void {
  useEffect(() => {
    if (!isRunning) return undefined;
    fallback.start();
    const unsubscribe = uploads.subscribe(() => {
      fallback.uploadsChanged();
    });
    // Another tab has begun an upload: should that tab die, this one reports it.
    const watch = (): void => void uploads.reportCutOff();
    window.addEventListener("storage", watch);
    return () => {
      window.removeEventListener("storage", watch);
      unsubscribe();
      fallback.stop();
      uploads.dispose();
    };
  }, [fallback, uploads, isRunning]);
}

/** Tells the fallback about the socket, the tab and the network. */
function useSurroundings({ fallback }: Session): void {
  const client = useConvex();
  useEffect(() => {
    fallback.setConnected(client.connectionState().isWebSocketConnected);
    return client.subscribeToConnectionState(({ isWebSocketConnected }) => {
      fallback.setConnected(isWebSocketConnected);
    });
  }, [client, fallback]);
  useEffect(() => {
    const look = (): void => {
      fallback.setVisible(document.visibilityState !== "hidden");
      fallback.setOnline(navigator.onLine);
    };
    look();
    document.addEventListener("visibilitychange", look);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, [fallback]);
}
