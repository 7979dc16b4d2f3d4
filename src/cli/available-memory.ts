import { freemem } from 'node:os';

/**
 * Bytes that the process can still take: of the machine, and of its container.
 *
 * @param resident bytes that it has
 */
export function availableMemory(resident: number): number {
  // Without a limit it is 0, or a number beyond all memory.
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(freemem(), Math.max(0, constrained - resident));
}
