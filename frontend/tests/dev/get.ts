import { request } from "node:http";
import { text } from "node:stream/consumers";

/** What a server answered. */
export interface Answer {
  status: number;
  header: (name: string) => string | undefined;
  body: string;
}

/** A request with headers that `fetch` would not send as they are: `Host`, `Origin`. */
export async function get(
  url: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    request(url, { headers, method, agent: false }, (response) => {
      const header = (name: string): string | undefined => {
        const value = response.headers[name];
        return Array.isArray(value) ? value.join(", ") : value;
      };
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, header, body });
      }, reject);
    })
      .on("error", reject)
      .end();
  });
}
