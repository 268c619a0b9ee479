import { fileURLToPath } from "node:url";
import type { Crons } from "convex/server";
import { DevIssuer } from "./auth/devIssuer";
import { configuredProviders } from "./auth/providers";
import { TokenVerifier } from "./auth/verifier";
import { runCrons } from "./crons/runCrons";
import { setEnvironment } from "./environment";
import { Deployment } from "./functions/deployment";
import { loadModules, type LoadedModules } from "./functions/loadModules";
import { sweepScheduled } from "./functions/sweep";
import { clientApiHandler } from "./http/clientApi";
import { listen, type HttpServer } from "./http/listen";
import { siteHandler } from "./http/site";
import { serveSync } from "./sync/server";
import { Sessions } from "./sync/sessions";
import { Subscriptions } from "./sync/subscriptions";

/** Where a local Convex deployment serves clients. */
export const DEFAULT_PORT = 3210;
/** Where a local Convex deployment serves HTTP actions. */
export const DEFAULT_SITE_PORT = 3211;

/** How to start a backend. */
export interface BackendOptions {
  /** Client API and sync WebSocket; 3210 by default, 0 for any free port. */
  port?: number;
  /** HTTP actions; 3211 by default, 0 for any free port. */
  sitePort?: number;
  /**
   * The deployment's environment variables, put into `process.env` while it runs; the backend adds
   * CONVEX_CLOUD_URL and CONVEX_SITE_URL.
   */
  env?: Record<string, string>;
  /** Whether to issue tokens for demos and tests; true by default. */
  devIssuer?: boolean;
  /** The functions folder, or the project that holds it; the repository's `convex/` by default. */
  functionsDir?: string;
  /** Takes what functions write to `console`, and the backend's notices; stderr by default. */
  log?: (line: string) => void;
}

/** A running backend. */
export interface Backend {
  /** `http://127.0.0.1:3210`: what clients connect to. */
  url: string;
  /** `http://127.0.0.1:3211`: where the HTTP actions are. */
  siteUrl: string;
  /** The functions folder that it serves. */
  functionsDir: string;
  /**
   * A token for the subject, of the dev issuer; `claims` are a JWT's, `exp` included.
   * @throws Error when the backend runs without one
   */
  token(subject: string, claims?: Record<string, unknown>): Promise<string>;
  /** Closes every connection and drops the data. */
  close(): Promise<void>;
}

const OWN_FUNCTIONS = fileURLToPath(new URL("../../convex", import.meta.url));

/**
 * Starts a backend that runs the functions folder's modules, with its data in memory.
 * @throws Error when a port is in use or a module fails to load
 */
export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const api = await listen(options.port ?? DEFAULT_PORT, "--port", log);
    closers.push(api.close);
    const site = await listen(options.sitePort ?? DEFAULT_SITE_PORT, "--site-port", log);
    closers.push(site.close);
    // Before the modules: some read their environment when they are loaded.
    const own = { CONVEX_CLOUD_URL: api.url, CONVEX_SITE_URL: site.url };
    closers.push(setEnvironment({ ...options.env, ...own }));
    const devIssuer = options.devIssuer === false ? null : await DevIssuer.create();
    const loaded = await loadModules(options.functionsDir ?? OWN_FUNCTIONS);
    closers.push(...serve(api, site, devIssuer, loaded, log));
    return {
      url: api.url,
      siteUrl: site.url,
      functionsDir: loaded.folder,
      token: (subject, claims) =>
        devIssuer?.token(subject, claims) ?? Promise.reject(new Error("There is no dev issuer")),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function serve(
  api: HttpServer,
  site: HttpServer,
  devIssuer: DevIssuer | null,
  loaded: LoadedModules,
  log: (line: string) => void,
): (() => Promise<void> | void)[] {
  if (loaded.hasComponents) {
    log(
      "convex.config.ts: the embedded backend runs no components; calls of their functions fail.",
    );
  }
  const providers = configuredProviders(loaded.authConfig);
  if (devIssuer !== null) providers.push(devIssuer.provider);
  const verifier = new TokenVerifier(providers, log);
  const deployment = new Deployment(loaded, log);
  const subscriptions = new Subscriptions(deployment);
  deployment.onCommit = () => {
    subscriptions.request();
  };
  const services = { deployment, subscriptions, sessions: new Sessions(), verifier };
  const stopCrons = runCrons(loaded.functions.get("crons")?.["default"] as Crons, deployment);
  const sync = serveSync(api.server, services);
  api.handler = clientApiHandler(deployment, verifier, devIssuer);
  site.handler = siteHandler(deployment, verifier);
  return [
    sweepScheduled(deployment),
    () => {
      subscriptions.close();
    },
    () => sync.close(),
    stopCrons,
  ];
}
