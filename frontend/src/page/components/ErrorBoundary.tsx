import { Component, type ReactNode } from "react";
import { useText } from "../i18n/TextProvider";

/** Shows what to do where the page itself has failed, in place of nothing. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Crashed /> : this.props.children;
  }
}

function Crashed(): ReactNode {
  const { t } = useText();
  return (
    <main className="empty" role="alert">
      <h1>{t.app.crashed}</h1>
      <p>{t.app.crashedHint}</p>
      <button
        type="button"
        className="button primary"
        onClick={() => {
          location.reload();
        }}
      >
        {t.app.reload}
      </button>
    </main>
  );
}
