import { render } from "@testing-library/react";
import { ConvexProviderWithAuth } from "convex/react";
import { inject, onTestFinished, expect, test } from "vitest";
import {
  ConvexClientProvider,
  isFinished,
  usePersistentTranscription,
  useTranscript,
  type JobView,
} from "../../src/transcription";
import * as exported from "../../src/transcription";
import { eventually, postUpdate } from "../support/backend";
import { createClient } from "./support";
import { createJob, newSubject } from "./support/jobs";
import { TestUser } from "./support/user";

/** An app that knows nothing of the hook but what `index.ts` exports. */
function App({ fetchToken }: { fetchToken: () => Promise<string | null> }) {
  const { activeJobs, finishedJobs, sync } = usePersistentTranscription({
    apiBaseUrl: "http://127.0.0.1:9",
    fetchToken,
  });
  if (activeJobs.status !== "success") return <p>{activeJobs.status}</p>;
  const jobs: JobView[] = [...activeJobs.data, ...finishedJobs.results];
  return (
    <ul title={sync}>
      {jobs.map((job) => (
        <li key={job.jobId}>
          {job.status} {job.progress} % {isFinished(job) && <Transcript jobId={job.jobId} />}
        </li>
      ))}
    </ul>
  );
}

function Transcript({ jobId }: { jobId: string }) {
  const transcript = useTranscript(jobId);
  return transcript.status === "success" ? <q>{transcript.text}</q> : null;
}

test("another app takes the hook with a few lines", async () => {
  const subject = newSubject();
  const user = new TestUser(subject);
  const { container, unmount } = render(
    <ConvexClientProvider createClient={() => createClient(inject("convexUrl"))}>
      {(client) => (
        <ConvexProviderWithAuth client={client} useAuth={user.useAuth}>
          <App fetchToken={user.fetchToken} />
        </ConvexProviderWithAuth>
      )}
    </ConvexClientProvider>,
  );
  onTestFinished(unmount);
  expect(container.textContent).toBe("loading");
  const jobId = await createJob(subject);
  await eventually(() => {
    expect(container.textContent).toBe("pending 0 % ");
  });
  await postUpdate({ jobId, status: "completed", result: { text: "Hello" }, sequence: 1 });
  await eventually(() => {
    expect(container.textContent).toBe("completed 100 % Hello");
  });
  expect(container.querySelector("ul")?.title).toBe("live");
});

test("these are its exports", () => {
  expect(Object.keys(exported).sort()).toEqual([
    "ConvexClientProvider",
    "TranscriptionError",
    "isFinished",
    "usePersistentTranscription",
    "useTranscript",
  ]);
});
