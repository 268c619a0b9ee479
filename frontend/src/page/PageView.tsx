import type { ReactNode } from "react";
import type { SignInProblem } from "../signIn";
import type { JobView, PersistentTranscription } from "../transcription/types";
import { ActiveJobs } from "./components/ActiveJobs";
import { DropOverlay } from "./components/DropOverlay";
import { Faults } from "./components/Faults";
import { Header } from "./components/Header";
import { History } from "./components/History";
import { Notices } from "./components/Notices";
import { SignedOut } from "./components/SignedOut";
import { TranscriptPanel } from "./components/TranscriptPanel";
import { UploadArea } from "./components/UploadArea";
import { useText } from "./i18n/TextProvider";
import { PageContext } from "./pageContext";
import { useRoute } from "./route";
import { useElapsedClock } from "./useElapsed";
import { useHealth } from "./useHealth";
import { useNotices } from "./useNotices";
import { useStartFiles } from "./useStartFiles";
import { useUnloadWarning } from "./useUnloadWarning";

/** Properties of `PageView`. */
export interface PageViewProps {
  transcription: PersistentTranscription;
  /** `null` where there is no transcription service. */
  apiBaseUrl: string | null;
  /** `null` while nobody is signed in. */
  userName: string | null;
  signInProblem: SignInProblem | null;
  onSignIn: () => void;
  onSignOut: () => void;
  /** What has just happened, for screen readers. */
  announcement: string;
}

const NO_JOBS: readonly JobView[] = [];

/** The whole page over what the hook gives. */
export function PageView(props: PageViewProps): ReactNode {
  const { transcription, apiBaseUrl, userName, announcement } = props;
  const text = useText();
  const { activeJobs, finishedJobs } = transcription;
  const active = activeJobs.status === "success" ? activeJobs.data : NO_JOBS;
  const { monitor, state: health } = useHealth(apiBaseUrl);
  const { notices, notify, dismiss } = useNotices();
  const { startTranscription } = transcription;
  const starting = useStartFiles({ startTranscription, monitor, notify, text });
  const elapsedClock = useElapsedClock(active);
  const parts = { transcription, elapsedClock, notify, ...starting };
  const route = useRoute();
  useUnloadWarning(active.some((job) => job.upload !== undefined));

  const isSignedOut = activeJobs.status === "signed-out";
  const isFirst =
    activeJobs.status === "success" &&
    finishedJobs.status === "success" &&
    active.length + finishedJobs.results.length === 0;
  return (
    <PageContext value={parts}>
      <Header transcription={transcription} userName={userName} onSignOut={props.onSignOut} />
      <main className="main">
        <Faults activeJobs={active} />
        <Notices notices={notices} onDismiss={dismiss} />
        {isSignedOut ? (
          <SignedOut problem={props.signInProblem} onSignIn={props.onSignIn} />
        ) : (
          <>
            <UploadArea
              health={health}
              isFirst={isFirst}
              onCheckAgain={() => void monitor.check()}
            />
            <DropOverlay />
            {activeJobs.status === "loading" && (
              <p className="quiet-words">{text.t.active.loading}</p>
            )}
            <ActiveJobs jobs={active} />
            {!isFirst && <History />}
          </>
        )}
      </main>
      {route.view === "job" && !isSignedOut && (
        <TranscriptPanel key={route.jobId} jobId={route.jobId} />
      )}
      <div className="visually-hidden" aria-live="polite">
        {announcement}
      </div>
    </PageContext>
  );
}
