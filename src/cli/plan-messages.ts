import { compareCodePoints } from '../data/labels.ts';
import type { MemoryEstimate } from '../training/plan/memory.ts';
import type { Plan } from '../training/plan/plan.ts';
import type { TimeEstimate } from '../training/plan/trial.ts';
import type { TrainRun } from './train.ts';

/* What `nerbert train` says of a plan, in lines of at most 80 columns. */

const count = (n: number): string => n.toLocaleString('en-US');
const percent = (share: number): string => `${Math.round(100 * share)} %`;

export function describePlan(plan: Plan, run: TrainRun): string {
  const { training, evaluation, stepsPerEpoch, steps, memory } = plan;
  const capacity = run.maxLenSeq - 2;
  const parts = [training, ...(evaluation ? [evaluation] : [])];
  const rows = [
    ['', 'training', ...(evaluation ? ['evaluation'] : [])],
    ['words', ...parts.map(({ words }) => count(words))],
    ['pieces of a sentence, median', ...parts.map(({ pieces }) => count(pieces.median))],
    ['  95 % have at most', ...parts.map(({ pieces }) => count(pieces.p95))],
    ['  longest', ...parts.map(({ pieces }) => count(pieces.longest))],
    [`sentences beyond ${capacity} pieces`, ...parts.map(({ longSentences }) => count(longSentences))],
    ['  words lost if they were cut', ...parts.map(({ wordsLostToCut }) => count(wordsLostToCut))],
    [`padding to ${run.maxLenSeq} would waste`, ...parts.map(({ paddingShare }) => percent(paddingShare))],
  ];
  const cut = parts.some(({ longSentences }) => longSentences > 0);
  const batches = `${run.accumulateGradEvery} x ${run.batchSize} sentences a step`;
  return [
    table(rows),
    `Nothing is padded${cut ? ', and nothing cut: long sentences become several windows' : ''}.`,
    ...tagWarnings(plan),
    '',
    `Steps: ${count(steps)}, ${count(stepsPerEpoch)} an epoch (${batches})`,
    `Memory: about ${bytes(memory.total)}: ${memoryParts(memory)}`,
  ].join('\n');
}

export function describeTime(time: TimeEstimate, { epochs }: Plan): string {
  const { trialSteps, secondsPerEpoch, seconds, trainingPace } = time;
  return (
    `Time: about ${duration(secondsPerEpoch)} an epoch, ${duration(seconds)} in all (${count(epochs)} epochs)\n` +
    `  (from ${trialSteps} trial ${trialSteps === 1 ? 'step' : 'steps'}: ${count(Math.round(trainingPace))} pieces a second)`
  );
}

/** Such as 1.4 GB or 350 MB. */
export function bytes(n: number): string {
  return n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(n / 1e6))} MB`;
}

/** Such as 40 s, 12 min or 3 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function tagWarnings({ onlyInTraining, onlyInEvaluation }: Plan): string[] {
  const list = (tags: string[]) => [...tags].sort(compareCodePoints).join(', ');
  return [
    ...(onlyInTraining.length > 0
      ? [`Warning: in training alone, so never scored: ${list(onlyInTraining)}`]
      : []),
    ...(onlyInEvaluation.length > 0
      ? [`Warning: in evaluation alone, so never learnt: ${list(onlyInEvaluation)}`]
      : []),
  ];
}

function memoryParts({ parameters, gradients, moments, activations, process: rest }: MemoryEstimate): string {
  return `parameters ${bytes(parameters)}, gradients ${bytes(gradients)},\n  moments ${bytes(moments)}, activations ${bytes(activations)}, process ${bytes(rest)}`;
}

function table(rows: readonly string[][]): string {
  const width = (column: number) => Math.max(...rows.map(row => row[column]?.length ?? 0));
  return rows
    .map(row => row.map((cell, i) => (i === 0 ? cell.padEnd(width(0)) : cell.padStart(width(i)))).join('  '))
    .join('\n');
}
