/** Why a pickle is refused; whoever knows the file turns it into a CheckpointError. */
export class PickleError extends Error {}

/** A cursor over the bytes of a pickle that never passes their end. */
export class PickleBytes {
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  /** Big-endian, alone among the numbers of a pickle. */
  float64(): number {
    return this.take(8).readDoubleBE();
  }

  /** A little-endian integer in two's complement of any length; bigint where a number would be inexact. */
  integer(length: number): number | bigint {
    const bytes = Buffer.from(this.take(length)).reverse();
    if (bytes.length === 0) return 0;
    const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  text(length: number): string {
    return this.take(length).toString('utf8');
  }

  /** The text up to the next line feed, which is skipped. */
  line(): string {
    const end = this.#bytes.indexOf('\n', this.position);
    if (end === -1) throw new PickleError('a line of the pickle has no end');
    const line = this.text(end - this.position);
    this.position++;
    return line;
  }

  take(length: number): Buffer {
    const end = this.position + length;
    if (end > this.#bytes.length) {
      throw new PickleError(
        `the pickle wants ${length} bytes at byte ${this.position} where ${this.#bytes.length - this.position} are left: it is cut off or far too long`,
      );
    }
    const taken = this.#bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }
}
