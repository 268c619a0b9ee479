export { ConvexClientProvider, type ConvexClientProviderProps } from "./ConvexClientProvider";
export { TranscriptionError } from "./errors";
export { isFinished } from "./jobStatus";
export type * from "./types";
export { usePersistentTranscription } from "./usePersistentTranscription";
export { useTranscript } from "./useTranscript";
