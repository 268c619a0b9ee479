import type { ConvexReactClient } from "convex/react";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

interface ClientContext {
  /** Puts a new client in the place of this one. */
  replaceClient: () => void;
}

const Context = createContext<ClientContext | null>(null);

/** Properties of `ConvexClientProvider`. */
export interface ConvexClientProviderProps {
  /** Makes a client; called again when the socket of the one before is dead without saying so. */
  createClient: () => ConvexReactClient;
  /** Renders Convex's own provider, whichever the app signs in with. */
  children: (client: ConvexReactClient) => ReactNode;
}

/**
 * Owns the Convex client of the page, so that it can be replaced:
 * ```tsx
 * <ConvexClientProvider createClient={() => new ConvexReactClient(url)}>
 *   {(client) => (
 *     <ConvexProviderWithAuth client={client} useAuth={useAuth}>
 *       <App />
 *     </ConvexProviderWithAuth>
 *   )}
 * </ConvexClientProvider>
 * ```
 */
export function ConvexClientProvider({ createClient, children }: ConvexClientProviderProps) {
  const [client, setClient] = useState(createClient);
  useEffect(() => {
    const closing = pendingCloses.get(client);
    if (closing !== undefined) clearTimeout(closing);
    pendingCloses.delete(client);
    return () => {
      // Those that still use it in this very commit let go of it first; StrictMode takes it back.
      pendingCloses.set(
        client,
        setTimeout(() => void client.close(), 0),
      );
    };
  }, [client]);
  const context = useMemo(
    () => ({
      replaceClient: () => {
        setClient(createClient());
      },
    }),
    [createClient],
  );
  return <Context value={context}>{children(client)}</Context>;
}

const pendingCloses = new WeakMap<ConvexReactClient, ReturnType<typeof setTimeout>>();

/** The page's replaceable client; `null` in an app that keeps to Convex's own provider alone. */
export function useReplaceableClient(): ClientContext | null {
  return useContext(Context);
}
