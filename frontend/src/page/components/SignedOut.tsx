import type { ReactNode } from "react";
import type { SignInProblem } from "../../signIn";
import { useText } from "../i18n/TextProvider";

interface SignedOutProps {
  problem: SignInProblem | null;
  onSignIn: () => void;
}

/** What the page shows to nobody in particular. */
export function SignedOut({ problem, onSignIn }: SignedOutProps): ReactNode {
  const { t } = useText();
  return (
    <section className="empty" aria-labelledby="signed-out-heading">
      <h2 id="signed-out-heading">{t.signedOut.title}</h2>
      <p>{t.signedOut.hint}</p>
      {problem !== null && (
        <div className="banner error" role="alert">
          <p>{t.signedOut.problems[problem.code]}</p>
          <p className="small-print" lang="en">
            {problem.message}
          </p>
        </div>
      )}
      <button type="button" className="button primary" onClick={onSignIn}>
        {t.signedOut.signIn}
      </button>
    </section>
  );
}
