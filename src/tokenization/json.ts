import { readFile } from 'node:fs/promises';
import { CheckpointError, describe } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

/** A file as text, without its byte order mark; undefined where there is none. Throws a CheckpointError if it is not UTF-8. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CheckpointError(`cannot be read (${(error as Error).message})`, path, {}, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CheckpointError('expected text in UTF-8 but it is not', path, {}, { cause: error });
  }
}

/** A JSON file that must hold an object; undefined where there is none. */
export async function readJsonIfPresent(path: string): Promise<JsonObject | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`not JSON (${(error as Error).message})`, path, {}, { cause: error });
  }
  if (isJsonObject(value)) return value;
  throw new CheckpointError(`expected a JSON object but it holds ${describe(value)}`, path);
}

/* Fields of a JSON object; absent and null ones are undefined, others of the wrong type a CheckpointError. */

export function booleanField(object: JsonObject, key: string, file: string): boolean | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw new CheckpointError(`expected true or false for ${key} but it is ${describe(value)}`, file);
}

export function stringField(object: JsonObject, key: string, file: string): string | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new CheckpointError(`expected text for ${key} but it is ${describe(value)}`, file);
}
