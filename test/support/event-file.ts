import { crc32c } from './crc32c-by-bits.ts';

/* A reader of TensorBoard's event files, from the descriptions of TFRecord, CRC-32C and protocol buffers. */

export interface ReadEvent {
  wallTime?: number;
  step: number;
  fileVersion?: string;
  scalars: Record<string, number>;
  sessionStatus?: number;
}

type Field = { number: number; value: number | Buffer };

/** The events of a file, checksums checked. */
export function readEventFile(bytes: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expectChecksum(bytes.subarray(at, at + 8), bytes.readUInt32LE(at + 8));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expectChecksum(data, bytes.readUInt32LE(at + 12 + length));
    events.push(readEvent(data));
    at += length + 16;
  }
  return events;
}

function expectChecksum(data: Buffer, masked: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0;
  const expected = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  if (crc32c(data) !== expected) throw new Error('wrong checksum');
}

function readEvent(data: Buffer): ReadEvent {
  const event: ReadEvent = { step: 0, scalars: {} };
  for (const { number, value } of fields(data)) {
    if (number === 1) event.wallTime = (value as Buffer).readDoubleLE();
    else if (number === 2) event.step = value as number;
    else if (number === 3) event.fileVersion = String(value);
    else if (number === 7) event.sessionStatus = fields(value as Buffer)[0]?.value as number;
    else if (number === 5) {
      for (const summary of fields(value as Buffer)) {
        const [tag, scalar] = fields(summary.value as Buffer) as [Field, Field];
        event.scalars[String(tag.value)] = (scalar.value as Buffer).readFloatLE();
      }
    } else throw new Error(`unknown field ${number}`);
  }
  return event;
}

function fields(data: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = data.readUInt8(at++);
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const key = varint();
    const wireType = key & 7;
    if (wireType === 0) {
      found.push({ number: key >>> 3, value: varint() });
      continue;
    }
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : varint();
    found.push({ number: key >>> 3, value: data.subarray(at, at + length) });
    at += length;
  }
  return found;
}
