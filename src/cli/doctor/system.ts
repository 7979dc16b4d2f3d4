import { totalmem } from 'node:os';
import { formatBytes } from '../../hub/format-bytes.ts';
import { oldestNode } from '../../version.ts';
import { availableMemory } from '../available-memory.ts';
import { type Finding, messageOf, ok, problem, remediesOf, warning } from './fact.ts';
import { installScripts, type Machine } from './install-scripts.ts';

/** What a BERT of the usual size takes in training: its parameters alone, with gradients and moments, are 1.8 GB. */
const SCARCE_MEMORY = 2.5e9;

export async function nodeVersion(version = process.versions.node): Promise<Finding> {
  const { older } = await installScripts();
  const values = { version, oldest: oldestNode };
  if (!older(version, oldestNode)) return ok(`${version} (${oldestNode} or newer is needed)`, values);
  const remedies = [`install Node.js ${oldestNode} or newer: https://nodejs.org/`];
  return problem(`${version} is too old: nerbert needs ${oldestNode} or newer`, remedies, values);
}

export async function operatingSystem(machine?: Machine): Promise<Finding> {
  const { thisMachine, checkMachine } = await installScripts();
  const { platform, arch, glibc } = machine ?? thisMachine();
  const values = { platform, arch, glibc: glibc ?? null };
  try {
    checkMachine({ platform, arch, glibc });
    return ok(`${platform} on ${arch}, glibc ${glibc}`, values);
  } catch (error) {
    return problem(messageOf(error), remediesOf(error, ['use a supported system']), values);
  }
}

export function memory(available = availableMemory(process.memoryUsage.rss()), total = totalmem()): Finding {
  const text = `${formatBytes(available)} free of ${formatBytes(total)}`;
  const values = { availableBytes: available, totalBytes: total };
  if (available >= SCARCE_MEMORY) return ok(text, values);
  const remedies = [
    'close other programs, or give the container more memory',
    'train a smaller model; `nerbert train --plan` tells what a run takes',
  ];
  return warning(
    `${text}: training a model of BERT's usual size takes about ${formatBytes(SCARCE_MEMORY)}`,
    remedies,
    values,
  );
}
