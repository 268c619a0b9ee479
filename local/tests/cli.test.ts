import { expect, it } from "vitest";
import { FREE_PORTS, runCli as run } from "./processes";
import { eventually, startFixture } from "./support";

it("prints where it is, makes a key, and stops cleanly on Ctrl-C", async () => {
  const { child, output, status } = run(FREE_PORTS);
  await eventually(() => {
    expect(output()).toContain("/dev/token");
  });
  expect(output()).toContain("lives in memory");
  const siteUrl = /CONVEX_SITE_URL +(\S+)/.exec(output())?.[1] ?? "";
  const key = /CONVEX_API_KEY +(\S+)/.exec(output())?.[1] ?? "";
  const health = await fetch(`${siteUrl}/health`, { headers: { Authorization: `Bearer ${key}` } });
  expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
  child.kill("SIGINT");
  expect(await status).toBe(0);
});

it("takes the key from the environment and does not print it", async () => {
  const key = "a-key-that-nobody-may-see-on-a-screen";
  const { child, output, status } = run(FREE_PORTS, { CONVEX_API_KEY: key });
  await eventually(() => {
    expect(output()).toContain("as in the environment");
  });
  expect(output()).not.toContain(key);
  child.kill("SIGTERM");
  expect(await status).toBe(0);
});

it("says which port is in use", async () => {
  const { port } = new URL((await startFixture()).url);
  const { output, status } = run(["--port", port, "--site-port", "0"]);
  expect(await status).toBe(1);
  expect(output()).toBe(
    `Port ${port} is in use. Stop the program that uses it, or choose another port with --port.\n`,
  );
});

it.each([
  ["--prot", "1"],
  ["--strict", "true"],
  ["--port", "70000"],
  ["--site-port", "-1"],
  ["--port", "http"],
])("%s %s is a wrong option", async (...args) => {
  const { output, status } = run(args);
  expect(await status).toBe(2);
  expect(output()).toContain(args[0]);
  expect(output()).not.toContain("    at ");
});

it("explains itself with --help", async () => {
  const { output, status } = run(["--help"]);
  expect(await status).toBe(0);
  expect(output()).toContain("--site-port");
});
