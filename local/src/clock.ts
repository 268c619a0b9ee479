/** Commit timestamps: nanoseconds since the epoch, each greater than the one before. */
export class CommitClock {
  #last = 0n;

  /** A timestamp greater than every earlier one. */
  next(): bigint {
    const now = BigInt(Date.now()) * 1_000_000n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }
}

/** A timestamp as the sync protocol writes it: an unsigned 64-bit little-endian number in base64. */
export function encodeTimestamp(timestamp: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(timestamp);
  return bytes.toString("base64");
}
