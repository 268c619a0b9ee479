import { expect, test } from "vitest";
import { browserCommand } from "../../dev/openBrowser";

const URL = "http://127.0.0.1:5173";

test.each([
  ["darwin", {}, ["open", URL]],
  ["win32", {}, ["rundll32", "url.dll,FileProtocolHandler", URL]],
  ["linux", { DISPLAY: ":0" }, ["xdg-open", URL]],
  ["linux", { WAYLAND_DISPLAY: "wayland-0" }, ["xdg-open", URL]],
  ["linux", {}, null],
] as const)("%s %j", (platform, env, command) => {
  expect(browserCommand(URL, platform, env)).toEqual(command);
});
