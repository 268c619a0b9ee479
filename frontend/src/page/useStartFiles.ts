import { useCallback, useMemo, useState } from "react";
import { asTranscriptionError } from "../transcription/errors";
import type { PersistentTranscription } from "../transcription/types";
import { checkFile, type UploadLimits } from "./checkFile";
import type { HealthMonitor } from "./healthMonitor";
import type { Text } from "./i18n";
import { errorText, formatNames } from "./words";

/** What `useStartFiles` needs. */
export interface StartFilesOptions {
  startTranscription: PersistentTranscription["startTranscription"];
  monitor: HealthMonitor;
  notify: (text: string) => void;
  text: Text;
}

/**
 * Starts a job for each of some files, one after the other in their order, and says of which not
 * and why. Keeps the files of jobs that this page started, so that they can be tried again.
 */
export function useStartFiles({ startTranscription, monitor, notify, text }: StartFilesOptions) {
  const [kept] = useState(() => new Map<string, File>());
  const startFiles = useCallback(
    async (files: readonly File[]) => {
      const limits = await monitor.limits();
      if (limits === null) {
        const { off, unreachable } = text.t.uploads;
        notify(`${monitor.state().status === "off" ? off : unreachable}.`);
        return;
      }
      for (const file of files) {
        const refusal = refusalText(file, limits, text);
        if (refusal !== null) {
          notify(refusal);
          continue;
        }
        try {
          kept.set(await startTranscription(file), file);
        } catch (error) {
          const reason = errorText(asTranscriptionError(error), text);
          notify(text.t.uploads.notStarted(file.name, reason));
        }
      }
    },
    [startTranscription, monitor, notify, text, kept],
  );
  const keptFile = useCallback((jobId: string): File | null => kept.get(jobId) ?? null, [kept]);
  return useMemo(() => ({ startFiles, keptFile }), [startFiles, keptFile]);
}

function refusalText(file: File, limits: UploadLimits, { t, format }: Text): string | null {
  switch (checkFile(file, limits)) {
    case "empty":
      return t.uploads.empty(file.name);
    case "wrong-kind":
      return t.uploads.wrongKind(file.name, formatNames(limits, format));
    case "too-large":
      return t.uploads.tooLarge(
        file.name,
        format.bytes(file.size),
        format.limit(limits.maxUploadBytes),
      );
    case null:
      return null;
  }
}
