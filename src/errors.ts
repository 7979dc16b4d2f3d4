/**
 * Every error that nerbert raises on purpose. `code` is stable and meant for programs; the message is meant for
 * people: what was expected, for what, what came instead, and what to do about it.
 */
export class NerbertError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option or argument that cannot be used. `ERR_OPTION` */
export class OptionError extends NerbertError {
  readonly option: string;
  readonly expected: string;
  readonly received: string;

  constructor(option: string, expected: string, received: unknown, remedy?: string) {
    const shown = describe(received);
    super(
      'ERR_OPTION',
      `Expected ${expected} for ${option} but received ${shown}${remedy ? `. ${remedy}` : ''}`,
    );
    this.option = option;
    this.expected = expected;
    this.received = shown;
  }
}

/** A data file that cannot be read as what it should be. `line` counts from 1. `ERR_DATA` */
export class DataError extends NerbertError {
  readonly file: string;
  readonly line: number | undefined;

  constructor(message: string, file: string, line?: number, options?: ErrorOptions) {
    super('ERR_DATA', `${file}${line === undefined ? '' : `:${line}`}: ${message}`, options);
    this.file = file;
    this.line = line;
  }
}

/** Names of a checkpoint that do not fit the model. */
export interface CheckpointMismatch {
  missing?: readonly string[];
  unexpected?: readonly string[];
  misshaped?: readonly string[];
}

/** A checkpoint (weights, config or vocabulary) that cannot be used. `ERR_CHECKPOINT` */
export class CheckpointError extends NerbertError {
  readonly file: string;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshaped: readonly string[];

  constructor(message: string, file: string, mismatch: CheckpointMismatch = {}, options?: ErrorOptions) {
    super('ERR_CHECKPOINT', `${file}: ${message}`, options);
    this.file = file;
    this.missing = mismatch.missing ?? [];
    this.unexpected = mismatch.unexpected ?? [];
    this.misshaped = mismatch.misshaped ?? [];
  }
}

/** What the native side can fail with. */
export type NativeErrorCode =
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_TORCH'
  | 'ERR_IO'
  | 'ERR_DEVICE'
  | 'ERR_ADDON'
  | 'ERR_BATCH'
  | 'ERR_STOPPED';

/** The addon could not be loaded, or a native job failed. */
export class NativeError extends NerbertError {
  declare readonly code: NativeErrorCode;
  /** What would help, each one sufficient, where that is known; the message holds them too. */
  readonly remedies: readonly string[];

  constructor(
    code: NativeErrorCode,
    message: string,
    { remedies = [], ...options }: ErrorOptions & { remedies?: readonly string[] } = {},
  ) {
    super(code, message, options);
    this.remedies = remedies;
  }
}

/** Something was used after its `dispose()`. `ERR_DISPOSED` */
export class DisposedError extends NerbertError {
  constructor(what: string) {
    super('ERR_DISPOSED', `Expected a live ${what} but this one was disposed. Create a new one`);
  }
}

/** A value as it is shown in a message: short, unambiguous, with its type where that is not plain. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (value === null || value === undefined || typeof value !== 'object') {
    return typeof value === 'function' ? 'a function' : String(value);
  }
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}(${(value as Uint8Array).length ?? value.byteLength})`;
  if (Array.isArray(value)) return describeArray(value);
  const name = value.constructor?.name;
  return name && name !== 'Object' ? `an instance of ${name}` : 'an object';
}

/** Elements are shown where they are few and have none of their own: nested ones may go to any depth, or in circles. */
function describeArray(elements: readonly unknown[]): string {
  const few =
    elements.length <= 8 && elements.every(element => typeof element !== 'object' || element === null);
  return few ? `[${elements.map(describe).join(',')}]` : `an array of ${elements.length}`;
}
