import type { ReactNode } from "react";
import { useText } from "../i18n/TextProvider";

/** What the page shows where it was built without the address of a Convex deployment. */
export function NotConfigured(): ReactNode {
  const { t } = useText();
  return (
    <main className="empty">
      <h1>{t.app.notConfigured}</h1>
      <p>{t.app.notConfiguredHint}</p>
    </main>
  );
}
