/** What the endpoint answers, as far as a replay needs it. */
export type EndpointAnswer =
  | { ok: true; outcome: string; status: string }
  | { ok: false; error: { code: string; message: string } };

/** Sends one update to the endpoint, as a worker does. */
export async function postUpdate(
  siteUrl: string,
  key: string,
  body: object,
): Promise<EndpointAnswer> {
  const response = await fetch(new URL("/updateTranscriptionJob", siteUrl), {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as EndpointAnswer;
}
