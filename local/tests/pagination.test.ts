import { expect, it } from "vitest";
import { RawClient } from "./rawClient";
import { connect, eventually, httpClient, mutation, query, startFixture } from "./support";

interface Loaded {
  results: unknown;
  status: string;
  loadMore: (count: number) => boolean;
}

const texts = (page: unknown): string[] =>
  (page as { text: string }[]).map(({ text }: { text: string }) => text);

it("keeps pages without gaps or repetitions while rows come in at the front", async () => {
  const backend = await startFixture();
  const writer = await httpClient(backend);
  const add = (text: string) => writer.mutation(mutation("notes:add"), { text });
  for (const text of ["1", "2", "3", "4", "5"]) await add(text);

  const client = connect(backend);
  let result: Loaded | undefined;
  client.onPaginatedUpdate_experimental(
    query("notes:pages"),
    {},
    { initialNumItems: 2 },
    // Its declared type is that of one page.
    (value) => (result = value as unknown as Loaded),
  );
  await eventually(() => {
    expect(texts(result?.results)).toEqual(["5", "4"]);
  });
  result?.loadMore(2);
  await eventually(() => {
    expect(texts(result?.results)).toEqual(["5", "4", "3", "2"]);
  });
  await add("6");
  await add("7");
  await eventually(() => {
    expect(texts(result?.results)).toEqual(["7", "6", "5", "4", "3", "2"]);
  });
  result?.loadMore(2);
  await eventually(() => {
    expect(texts(result?.results)).toEqual(["7", "6", "5", "4", "3", "2", "1"]);
    expect(result?.status).toBe("Exhausted");
  });
});

it("keeps a page's end for a client that reconnects with the journal", async () => {
  const backend = await startFixture();
  const writer = await httpClient(backend);
  const add = (text: string) => writer.mutation(mutation("notes:add"), { text });
  for (const text of ["1", "2", "3"]) await add(text);
  const args = { paginationOpts: { numItems: 2, cursor: null, id: 7 } };
  const pageOf = async (journal?: string) => {
    const client = await RawClient.connected(backend);
    client.subscribe(0, "notes:pages", args, journal);
    const [transition] = await client.received("Transition");
    const [update] = transition?.modifications ?? [];
    const { page } = update?.value as { page: unknown };
    return { page: texts(page), journal: update?.journal ?? "" };
  };
  const first = await pageOf();
  await add("4");
  expect((await pageOf(first.journal)).page).toEqual(["4", "3", "2"]);
  expect((await pageOf()).page).toEqual(["4", "3"]);
});

it("a journal that no server wrote fails that query alone", async () => {
  const backend = await startFixture();
  const client = await RawClient.connected(backend);
  const args = { paginationOpts: { numItems: 2, cursor: null } };
  await (await httpClient(backend)).mutation(mutation("notes:add"), { text: "x" });
  client.subscribe(0, "notes:pages", args, "{not a cursor");
  client.subscribe(1, "notes:count");
  await eventually(() => {
    const changes = client.frames.flatMap(({ modifications = [] }) => modifications);
    expect(changes.map(({ type }) => type).sort()).toEqual(["QueryFailed", "QueryUpdated"]);
  });
});
