import { version } from '../../version.ts';
import type { Fact, Status } from './fact.ts';

/* Both forms of what doctor found. They end up in bug reports: addresses are shown without passwords. */

const STATUS_WIDTH = 'warning'.length;

export function textReport(facts: readonly Fact[]): string {
  const width = Math.max(...facts.map(({ name }) => name.length));
  const indent = ' '.repeat(STATUS_WIDTH + width + 4);
  const lines = facts.flatMap(({ status, name, text, remedies }) => [
    `${status.padEnd(STATUS_WIDTH)}  ${name.padEnd(width)}  ${text}`,
    ...remedies.map(remedy => `${indent}-> ${remedy}`),
  ]);
  return `${withoutPasswords(`nerbert ${version}\n\n${lines.join('\n')}\n\n${verdict(facts)}`)}\n`;
}

export function jsonReport(facts: readonly Fact[]): string {
  const entries = facts.map(({ key, name: _, ...finding }) => [key, finding]);
  const report = { version, canCompute: canCompute(facts), facts: Object.fromEntries(entries) };
  return `${withoutPasswords(JSON.stringify(report, null, 2))}\n`;
}

export function canCompute(facts: readonly Fact[]): boolean {
  return namesOf('problem', facts).length === 0;
}

function verdict(facts: readonly Fact[]): string {
  const problems = namesOf('problem', facts);
  const warnings = namesOf('warning', facts);
  const warned = warnings.length > 0 ? ` Warnings: ${warnings.join(', ')}.` : '';
  if (problems.length === 0) return `nerbert can compute here.${warned}`;
  return `nerbert cannot compute here. Problems: ${problems.join(', ')}.${warned}`;
}

function namesOf(wanted: Status, facts: readonly Fact[]): string[] {
  return facts.filter(({ status }) => status === wanted).map(({ name }) => name);
}

function withoutPasswords(text: string): string {
  return text.replace(/:\/\/[^\s/"@]+@/g, '://***@');
}
