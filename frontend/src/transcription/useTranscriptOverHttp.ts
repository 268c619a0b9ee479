import { useConvex } from "convex/react";
import { useCallback, useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import { jobsApi } from "./backend";
import { systemClock } from "./clock";
import { ConvexHttp } from "./sync/convexHttp";
import { TIMING } from "./sync/timing";
import { TranscriptReader, type ReadTranscript } from "./sync/transcriptReader";

/** Milliseconds for which what was read is still shown: the subscription has to catch up first. */
const CATCH_UP_MS = 1_000;

/**
 * A transcript as read over plain HTTP, while the socket is cut and a moment longer; else `null`.
 * Without `fetchToken` nothing is read.
 */
export function useTranscriptOverHttp(
  jobId: string | null,
  fetchToken: (() => Promise<string | null>) | undefined,
): ReadTranscript | null {
  const client = useConvex();
  const isConnected = useIsConnected();
  const [read, setRead] = useState<{ jobId: string; transcript: ReadTranscript } | null>(null);
  const currentToken = useEffectEvent(async () => (await fetchToken?.()) ?? null);
  const isOn = fetchToken !== undefined && !isConnected;
  useEffect(() => {
    if (!isOn || jobId === null) return undefined;
    const http = new ConvexHttp(client.url, () => currentToken());
    const reader = new TranscriptReader(jobId, {
      clock: systemClock,
      readRow: async () => await (await http.client()).query(jobsApi.get, { jobId }),
      readPage: async (_, page) =>
        await (await http.client()).query(jobsApi.transcript, { jobId, page }),
    });
    const unsubscribe = reader.subscribe(() => {
      const transcript = reader.getSnapshot();
      if (transcript !== null) setRead({ jobId, transcript });
    });
    // A page that opens is not a page that is cut off.
    const wait = client.connectionState().hasEverConnected ? 0 : TIMING.firstConnection;
    const starting = setTimeout(() => {
      reader.start();
    }, wait);
    return () => {
      clearTimeout(starting);
      unsubscribe();
      reader.stop();
      setTimeout(() => {
        setRead((shown) => (shown?.transcript === reader.getSnapshot() ? null : shown));
      }, CATCH_UP_MS);
    };
  }, [client, isOn, jobId]);
  return read !== null && read.jobId === jobId ? read.transcript : null;
}

function useIsConnected(): boolean {
  const client = useConvex();
  const subscribe = useCallback(
    (listener: () => void) => client.subscribeToConnectionState(listener),
    [client],
  );
  return useSyncExternalStore(subscribe, () => client.connectionState().isWebSocketConnected);
}
