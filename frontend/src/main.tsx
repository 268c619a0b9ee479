import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { ConvexProviderWithAuth, ConvexReactClient } from "convex/react";
import { config } from "./config";
import { ErrorBoundary } from "./page/components/ErrorBoundary";
import { NotConfigured } from "./page/components/NotConfigured";
import { TextProvider } from "./page/i18n/TextProvider";
import { Page } from "./page/Page";
import "./page/css/index.css";
import { SignInProvider, useAuth } from "./signIn";
import { ConvexClientProvider } from "./transcription";

function ConnectedPage({ convexUrl }: { convexUrl: string }): ReactNode {
  return (
    <SignInProvider>
      <ConvexClientProvider createClient={() => new ConvexReactClient(convexUrl)}>
        {(client) => (
          <ConvexProviderWithAuth client={client} useAuth={useAuth}>
            <Page apiBaseUrl={config.apiBaseUrl} />
          </ConvexProviderWithAuth>
        )}
      </ConvexClientProvider>
    </SignInProvider>
  );
}

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <TextProvider>
      <ErrorBoundary>
        {config.convexUrl === null ? (
          <NotConfigured />
        ) : (
          <ConnectedPage convexUrl={config.convexUrl} />
        )}
      </ErrorBoundary>
    </TextProvider>
  </StrictMode>,
);
