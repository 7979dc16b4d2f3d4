import { maskedCrc32c } from './crc32c.ts';

/*
 * TensorBoard's event files: TFRecord framing around protocol buffers (tensorboard/compat/proto/event.proto). Three
 * messages with a handful of fields need no library.
 */

/** Numbers of a run at one step, by their tags. */
export interface ScalarEvent {
  /** In seconds since 1970. */
  wallTime: number;
  step: number;
  scalars: Readonly<Record<string, number>>;
}

/** The record that a file begins with. */
export function versionRecord(wallTime: number): Uint8Array {
  return record([double(1, wallTime), text(3, 'brain.Event:2')]);
}

/** Scalars of one step. */
export function scalarRecord({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => message(1, [text(1, tag), float(2, value)]));
  return record([double(1, wallTime), integer(2, step), message(5, values)]);
}

/** Tells readers that a run begins anew at a step: what older files say of this and later steps is void. */
export function restartRecord(wallTime: number, step: number): Uint8Array {
  const SESSION_START = 1;
  return record([double(1, wallTime), integer(2, step), message(7, [integer(1, SESSION_START)])]);
}

/** Length (64 bits), checksum of the length, data, checksum of the data: little-endian. */
function record(fields: readonly Uint8Array[]): Uint8Array {
  const data = Buffer.concat(fields);
  const framed = Buffer.alloc(data.length + 16);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc32c(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return framed;
}

/* Fields of a message, by the wire type that their key ends with. */

function integer(field: number, value: number): Uint8Array {
  return Buffer.concat([key(field, 0), varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, 5), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, [Buffer.from(value)]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([key(field, 2), varint(content.length), content]);
}

function key(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}
