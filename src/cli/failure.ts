import { CheckpointError, DataError, NerbertError, OptionError } from '../errors.ts';
import { Interruption } from './interruption.ts';

/** What a failed command prints: one message for errors meant for people, the stack for all others. */
export function explain(error: unknown): string {
  if (error instanceof Interruption) return error.message;
  if (error instanceof NerbertError) return `nerbert: ${error.message}`;
  return error instanceof Error ? `nerbert: an unexpected failure\n${error.stack}` : String(error);
}

/** 2: wrong usage or bad input; 130 and 143: interrupted, terminated; 1: anything else. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return error.exitCode;
  return error instanceof OptionError || error instanceof DataError || error instanceof CheckpointError
    ? 2
    : 1;
}
