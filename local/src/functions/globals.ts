import { AsyncLocalStorage } from "node:async_hooks";

const INVALID_INPUT = "ERR_ENCODING_INVALID_ENCODED_DATA";

const insideFunctions = new AsyncLocalStorage<true>();
let outsideDecoder = globalThis.TextDecoder;
let isInstalled = false;

/**
 * Runs code of the functions folder, the loading of a module or a call, with the globals that the
 * platform's runtime has where Node's differ. Everything else in the process keeps Node's.
 */
export function withPlatformGlobals<T>(run: () => T): T {
  if (!isInstalled) install();
  return insideFunctions.run(true, run);
}

/**
 * On the platform `decode` of a decoder that is `fatal` does not throw on invalid input: it answers
 * `undefined`. A function that only catches would take such input there, and pass its tests here.
 * Without an argument it answers "" there, and keeps what it holds of a stream.
 */
class PlatformTextDecoder {
  readonly #decoder: TextDecoder;

  constructor(label?: string, options?: TextDecoderOptions) {
    this.#decoder = new outsideDecoder(label, options);
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }

  decode(input?: AllowSharedBufferSource, options?: TextDecodeOptions): string | undefined {
    if (input === undefined) return "";
    try {
      return this.#decoder.decode(input, options);
    } catch (error) {
      if (isInvalidInput(error)) return undefined;
      throw error;
    }
  }

  get [Symbol.toStringTag](): string {
    return "TextDecoder";
  }
}

function isInvalidInput(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === INVALID_INPUT;
}

function install(): void {
  isInstalled = true;
  outsideDecoder = globalThis.TextDecoder;
  Object.defineProperty(globalThis, "TextDecoder", {
    configurable: true,
    get: () => (insideFunctions.getStore() === true ? PlatformTextDecoder : outsideDecoder),
    set: (decoder: typeof TextDecoder) => {
      outsideDecoder = decoder;
    },
  });
}
