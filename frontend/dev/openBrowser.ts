import { spawn } from "node:child_process";

/** Opens an address in the user's browser, where there is one; failing to is no error. */
export function openBrowser(url: string): void {
  const command = browserCommand(url, process.platform, process.env);
  if (command === null) return;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.once("error", () => undefined);
  child.unref();
}

/** The command that opens an address; `null` where there is no screen to open it on. */
export function browserCommand(
  url: string,
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): [string, ...string[]] | null {
  switch (platform) {
    case "darwin":
      return ["open", url];
    case "win32":
      return ["rundll32", "url.dll,FileProtocolHandler", url];
    default:
      // Without a screen, xdg-open would start a browser for terminals, in the middle of the demo.
      return env["DISPLAY"] === undefined && env["WAYLAND_DISPLAY"] === undefined
        ? null
        : ["xdg-open", url];
  }
}
