import { act, cleanup, render } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { TextProvider } from "../../src/page/i18n/TextProvider";
import { PageView, type PageViewProps } from "../../src/page/PageView";
import type { SignInProblem } from "../../src/signIn";
import type { PersistentTranscription } from "../../src/transcription";
import { stubLayout } from "./layout";
import { transcription } from "./madeUp";

const API = "http://worker.test";

/** What the worker says of itself; `null` where it does not answer. */
let health: unknown = null;

/** The page around a made-up session: layout, worker and storage as they are in a browser. */
export function setUpPage(): void {
  beforeEach(() => {
    health = { ok: true, formats: ["mp3", "wav"], maxUploadBytes: 50_000_000 };
    localStorage.clear();
    location.hash = "";
    setLanguages("en-GB");
    vi.stubGlobal("fetch", (url: string) => {
      expect(url).toBe(`${API}/health`);
      if (health === null) return Promise.reject(new TypeError("Failed to fetch"));
      return Promise.resolve(Response.json(health));
    });
    stubLayout();
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
}

/** Lets the worker answer otherwise, or not at all. */
export function setHealth(answer: unknown): void {
  health = answer;
}

/** Chooses the browser's languages. */
export function setLanguages(...languages: string[]): void {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(languages);
}

/** Properties of the page that a test can choose. */
export interface ShowOptions {
  apiBaseUrl?: string | null;
  userName?: string | null;
  signInProblem?: SignInProblem | null;
  onSignIn?: () => void;
}

/** Renders the page, and waits until the worker has answered. */
export async function show(
  state: Partial<PersistentTranscription> = {},
  { apiBaseUrl = API, userName = "Ana", signInProblem = null, onSignIn }: ShowOptions = {},
) {
  const page = (given: Partial<PersistentTranscription>) => {
    const props: PageViewProps = {
      transcription: transcription(given),
      apiBaseUrl,
      userName,
      signInProblem,
      onSignIn: onSignIn ?? (() => undefined),
      onSignOut: () => undefined,
      announcement: "",
    };
    return (
      <TextProvider>
        <PageView {...props} />
      </TextProvider>
    );
  };
  const { rerender, container } = render(page(state));
  await act(async () => {
    await Promise.resolve();
  });
  return {
    container,
    update: (next: Partial<PersistentTranscription>) => {
      rerender(page(next));
    },
  };
}

/**
 * What axe finds wrong. Two of its rules look at drawn letters, which do not exist here: they are for
 * a real browser.
 */
export async function axeProblems(): Promise<string[]> {
  const { violations } = await axe.run(document.documentElement, {
    rules: {
      "color-contrast": { enabled: false },
      "label-content-name-mismatch": { enabled: false },
    },
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
