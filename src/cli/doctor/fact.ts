import type { JsonObject } from '../../json.ts';

/** `problem`: nerbert cannot compute. `warning`: it can, but not all of it works, or slower than it could. */
export type Status = 'ok' | 'warning' | 'problem';

/** What a check found. */
export interface Finding {
  status: Status;
  /** One line. */
  text: string;
  /** Each one sufficient; at least one unless all is well. */
  remedies: readonly string[];
  /** The text's facts, for programs. */
  values: JsonObject;
}

/** A finding with its name. */
export interface Fact extends Finding {
  /** In the JSON form. */
  key: string;
  /** In the report. */
  name: string;
}

export const ok = (text: string, values: JsonObject = {}): Finding => ({
  status: 'ok',
  text,
  remedies: [],
  values,
});

export const warning = (text: string, remedies: readonly string[], values: JsonObject = {}): Finding => ({
  status: 'warning',
  text,
  remedies,
  values,
});

export const problem = (text: string, remedies: readonly string[], values: JsonObject = {}): Finding => ({
  status: 'problem',
  text,
  remedies,
  values,
});

/** Makes one check. One that fails itself must not keep the others from being told. */
export async function factOf(
  key: string,
  name: string,
  check: () => Finding | Promise<Finding>,
): Promise<Fact> {
  try {
    return { key, name, ...(await check()) };
  } catch (error) {
    const remedies = ['judge by the other lines; if all of them are ok, report this one as a bug'];
    return { key, name, ...warning(`could not be examined: ${messageOf(error)}`, remedies) };
  }
}

/** What went wrong, without the remedies that some messages end with. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\nWhat to do:')[0]?.replace(/\s+/g, ' ').replace(/\.$/, '') ?? '';
}

/** The remedies of a NativeError or of an install script's error, or else the given ones. */
export function remediesOf(error: unknown, otherwise: readonly string[]): readonly string[] {
  const { remedies } = error as { remedies?: unknown };
  return Array.isArray(remedies) && remedies.length > 0 ? remedies : otherwise;
}
