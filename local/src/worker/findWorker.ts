import path from "node:path";
import { findExecutable } from "../executables";

const COMMAND = process.platform === "win32" ? "transcription-worker.exe" : "transcription-worker";
const VENV_FOLDER = process.platform === "win32" ? "Scripts" : "bin";

/** Installs the whole service, engines included, from this repository. */
export const INSTALL_WORKER = "pip install './worker[all]'";

/**
 * The installed worker's command: of the virtual environment in the repository's `.venv`, else the
 * first on the PATH; `null` where it is not installed.
 */
export function findWorker(
  repository: string,
  searchPath = process.env["PATH"] ?? "",
): string | null {
  const folders = [
    path.join(repository, ".venv", VENV_FOLDER),
    ...searchPath.split(path.delimiter),
  ];
  return findExecutable([COMMAND], folders);
}
