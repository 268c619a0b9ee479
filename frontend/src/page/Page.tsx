import { useState, type ReactNode } from "react";
import { fetchToken, signIn, signOut, useSignInProblem, useUserName } from "../signIn";
import { usePersistentTranscription } from "../transcription";
import { useText } from "./i18n/TextProvider";
import { PageView } from "./PageView";
import { failureOf, nameOf } from "./words";

/** The page of the signed-in user; `apiBaseUrl` is the worker's, `null` where there is none. */
export function Page({ apiBaseUrl }: { apiBaseUrl: string | null }): ReactNode {
  const text = useText();
  const [announcement, announce] = useState("");
  const transcription = usePersistentTranscription({
    apiBaseUrl: apiBaseUrl ?? "",
    fetchToken,
    onJobComplete: (job) => {
      announce(text.t.announce.completed(nameOf(job, text)));
    },
    onJobError: (job) => {
      const reason = failureOf(job, text) ?? text.t.status.failed;
      announce(text.t.announce.failed(nameOf(job, text), reason));
    },
  });
  return (
    <PageView
      transcription={transcription}
      apiBaseUrl={apiBaseUrl}
      userName={useUserName()}
      signInProblem={useSignInProblem()}
      onSignIn={() => void signIn()}
      onSignOut={() => void signOut()}
      announcement={announcement}
    />
  );
}
