import type { ReactNode } from "react";
import type { PersistentTranscription } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { Icon } from "./Icon";
import { LanguageSwitch } from "./LanguageSwitch";
import { SyncIndicator } from "./SyncIndicator";

interface HeaderProps {
  transcription: PersistentTranscription;
  userName: string | null;
  onSignOut: () => void;
}

/** The page's name, how it is connected, its language and its user. */
export function Header({ transcription, userName, onSignOut }: HeaderProps): ReactNode {
  const { t } = useText();
  return (
    <header className="header">
      <div className="header-inner">
        <h1 className="brand">
          <span className="brand-mark">
            <Icon name="wave" />
          </span>
          {t.app.name}
        </h1>
        <SyncIndicator transcription={transcription} />
        <div className="header-end">
          {userName !== null && (
            <>
              <span className="user" title={t.app.signedInAs(userName)}>
                <span className="visually-hidden">{t.app.signedInAs("")}</span>
                <bdi>{userName}</bdi>
              </span>
              <button type="button" className="button quiet" onClick={onSignOut}>
                {t.app.signOut}
              </button>
            </>
          )}
          <LanguageSwitch />
        </div>
      </div>
    </header>
  );
}
