import { CheckpointError, describe } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type ByteSource, refuseImpostors, withByteSource } from './byte-source.ts';

/** Both far above any real file; they keep what a hostile one can make `JSON.parse` allocate well below 64 MB. */
export const maxJsonBytes = 2 ** 20;
const maxJsonContainers = 50_000;

/** Parses UTF-8 JSON that must be an object. `what` names it in errors: "the header", "the file". */
export function parseJsonObject(bytes: Uint8Array, what: string, file: string): JsonObject {
  if (countContainers(bytes) > maxJsonContainers) {
    throw new CheckpointError(`expected at most ${maxJsonContainers} objects and lists in ${what}`, file);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `not JSON (${error.message})` : 'not UTF-8';
    throw new CheckpointError(`${what} is ${reason}`, file, {}, { cause: error });
  }
  if (isJsonObject(value)) return value;
  throw new CheckpointError(`expected ${what} to be a JSON object but it is ${describeJson(value)}`, file);
}

/** Opening brackets, those in strings included. */
function countContainers(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x5b || byte === 0x7b) count++;
  return count;
}

/** Reads a small JSON file, such as config.json, that must be an object. */
export function readJsonObject(path: string): Promise<JsonObject> {
  return withByteSource(path, async (source: ByteSource) => {
    await refuseImpostors(source);
    if (source.size > maxJsonBytes) {
      throw new CheckpointError(
        `expected a JSON file of at most ${maxJsonBytes} bytes but it has ${source.size}`,
        path,
      );
    }
    return parseJsonObject(await source.read(0, source.size), 'the file', path);
  });
}

/** A parsed value for a message, without descending into it: it may be nested beyond what recursion bears. */
export function describeJson(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === undefined ? 'nothing' : describe(value);
}
