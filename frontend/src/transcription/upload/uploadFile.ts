import type { Clock, TimerHandle } from "../clock";
import { asTranscriptionError, TranscriptionError } from "../errors";
import type { TranscriptionOptions, UploadProgress } from "../types";
import { isRecord, parseAnswer, unexpectedAnswer, unreachable } from "./answer";
import { MAX_FILE_NAME_LENGTH, storableText } from "./text";

/** Milliseconds without movement after which an upload, or the answer to it, is given up. */
export const STALLED_AFTER = 2 * 60 * 1000;

/** A job's file on its way to the worker. */
export interface FileUpload {
  jobId: string;
  ticket: string;
  file: File;
  options?: TranscriptionOptions;
  /** Told of the file's bytes, without what the form adds to them. */
  onProgress?: (progress: UploadProgress) => void;
  /** Stops the sending. */
  signal?: AbortSignal;
}

/**
 * Sends a job's file. Kept when the worker has taken it, now or before.
 * @throws TranscriptionError the worker's refusal, `api_unreachable`, `unexpected_answer`,
 * `upload_stalled`, `file_unreadable`, or `aborted` by the signal
 */
export async function uploadFile(url: string, upload: FileUpload, clock: Clock): Promise<void> {
  const { status, text } = await send(url, upload, clock);
  try {
    const body = parseAnswer(status, text);
    if (!isRecord(body) || body["job_id"] !== upload.jobId) throw unexpectedAnswer(status);
  } catch (error) {
    // An upload whose answer was lost has been sent again.
    if (asTranscriptionError(error).code !== "already_uploaded") throw error;
  }
}

interface Answer {
  status: number;
  text: string;
}

/** `fetch` does not tell how much of a body has been sent. */
function send(url: string, upload: FileUpload, clock: Clock): Promise<Answer> {
  const { file, onProgress, signal } = upload;
  const request = new XMLHttpRequest();
  let timer: TimerHandle;
  let stop: (error: TranscriptionError) => void;
  const stall = (): void => {
    stop(new TranscriptionError("upload_stalled", "The upload has not moved for two minutes."));
  };
  const moved = (): void => {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(stall, STALLED_AFTER);
  };
  const onAbort = (): void => {
    stop(aborted());
  };
  const answer = new Promise<Answer>((resolve, reject) => {
    stop = (error) => {
      reject(error);
      request.abort();
    };
    const sent = (loaded: number): void => {
      moved();
      onProgress?.({ loaded: Math.min(loaded, file.size), total: file.size });
    };
    request.upload.onprogress = ({ loaded }) => {
      sent(loaded);
    };
    request.upload.onload = () => {
      sent(file.size);
    };
    request.onprogress = moved;
    request.onload = () => {
      resolve({ status: request.status, text: request.responseText });
    };
    request.onerror = () => {
      void isReadable(file).then((readable) => {
        reject(readable ? unreachable() : unreadable());
      });
    };
    if (signal?.aborted === true) throw aborted();
    signal?.addEventListener("abort", onAbort);
    moved();
    try {
      request.open("POST", url);
      request.setRequestHeader("Authorization", `Bearer ${upload.ticket}`);
      request.send(form(upload));
    } catch (error) {
      throw unreachable(error);
    }
  });
  return answer.finally(() => {
    clock.clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}

/** The id comes first: the worker checks the ticket before it takes the file. */
function form({ jobId, file, options = {} }: FileUpload): FormData {
  const data = new FormData();
  data.append("job_id", jobId);
  const fields = {
    language: options.language,
    model: options.model,
    temperature: options.temperature,
    initial_prompt: options.initialPrompt,
    return_timestamps: options.returnTimestamps,
  };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) data.append(name, String(value));
  }
  data.append("file", file, storableText(file.name, MAX_FILE_NAME_LENGTH));
  return data;
}

/** Its job was cancelled. */
export function aborted(): TranscriptionError {
  return new TranscriptionError("aborted", "The upload was stopped.");
}

function unreadable(): TranscriptionError {
  const message =
    "The file can no longer be read: it was changed, moved or deleted, or is a folder.";
  return new TranscriptionError("file_unreadable", message);
}

/** A browser says of a file that it cannot read no more than of a network that is down. */
function isReadable(file: File): Promise<boolean> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => {
      resolve(true);
    };
    reader.onerror = () => {
      resolve(false);
    };
    reader.readAsArrayBuffer(file.slice(0, 1));
  });
}
