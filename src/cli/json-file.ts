import { readFile } from 'node:fs/promises';
import { DataError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

/**
 * A file that holds one JSON object.
 *
 * @param what what the object is of, as messages call it
 * @throws DataError
 */
export async function readJsonObject(file: string, what: string): Promise<JsonObject> {
  const refuse = (problem: string, cause?: unknown) =>
    new DataError(`Expected a JSON object of ${what} but ${problem}`, file, undefined, { cause });
  const text = await readFile(file, 'utf8').catch(cause => {
    throw refuse(cause.code === 'ENOENT' ? 'there is no such file. Check the path' : cause.message, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse(`this is not JSON: ${(cause as Error).message}`, cause);
  }
  if (isJsonObject(value)) return value;
  throw refuse('the file holds something else');
}
