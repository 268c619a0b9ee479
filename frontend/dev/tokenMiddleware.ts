import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { DEV_TOKEN_PATH, devToken, type TokenIssuer } from "../../local/src/http/devToken";
import { HttpError, sendJSON, targetOf } from "../../local/src/http/exchange";

/**
 * Answers `GET /dev/token?subject=alice` with `{ token }`, for pages of this machine alone.
 * @returns whether the request was one for a token
 * @throws HttpError 403 for anybody else, 400 without a subject, and what the issuer throws
 */
export async function answerToken(
  request: IncomingMessage,
  response: ServerResponse,
  issuer: TokenIssuer,
): Promise<boolean> {
  const url = targetOf(request);
  if (url?.pathname !== DEV_TOKEN_PATH || request.method !== "GET") return false;
  response.setHeader("Cache-Control", "no-store");
  sendJSON(response, 200, await devToken(request, url, issuer));
  return true;
}

/** Gives development tokens to the page while Vite serves it; no build has any part of it. */
export function devTokens(issuer: TokenIssuer): Plugin {
  const middleware = (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    answerToken(request, response, issuer).then(
      (isAnswered) => {
        if (!isAnswered) next();
      },
      (error: unknown) => {
        const { status, code, message } = asHttpError(error);
        sendJSON(response, status, { code, message });
      },
    );
  };
  return {
    name: "dev-tokens",
    apply: "serve",
    configureServer: ({ middlewares }) => {
      middlewares.use(middleware);
    },
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use(middleware);
    },
  };
}

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  // Only this machine sees it, and it says what is wrong with the key.
  return new HttpError(500, "TokenFailed", error instanceof Error ? error.message : String(error));
}
