import type { ReactNode } from "react";
import { useText } from "../i18n/TextProvider";
import type { Notice } from "../useNotices";
import { Icon } from "./Icon";

interface NoticesProps {
  notices: readonly Notice[];
  onDismiss: (id: number) => void;
}

/** Messages that stay until they are dismissed. */
export function Notices({ notices, onDismiss }: NoticesProps): ReactNode {
  const { t } = useText();
  return (
    <div className="notices" role="alert">
      {notices.map(({ id, text }) => (
        <div key={id} className="notice">
          <Icon name="alert" />
          <p>
            <bdi>{text}</bdi>
          </p>
          <button
            type="button"
            className="button quiet icon-only"
            aria-label={t.app.dismiss}
            onClick={() => {
              onDismiss(id);
            }}
          >
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </div>
  );
}
