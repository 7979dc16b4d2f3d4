import { MistakeTables, type PredictedSentence } from '../evaluation/mistakes.ts';
import type {
  EarlyStop,
  EvaluationEvent,
  ResumedFrom,
  SplitEvent,
  TrainerEvent,
  TrainResult,
} from './events.ts';
import { progressPrinter } from './progress-printer.ts';
import type { TrainerSettings } from './trainer-options.ts';

type PrinterSettings = Pick<
  TrainerSettings,
  'nEpochs' | 'printEvery' | 'progress' | 'printValMistakes' | 'maxMistakes'
>;

/**
 * Reads the events of a run to their end and prints what the settings ask for: progress, a line an epoch, mistakes.
 *
 * @returns the result of the run
 */
export async function printEvents(
  events: AsyncIterable<TrainerEvent>,
  settings: PrinterSettings,
): Promise<TrainResult> {
  const progress = settings.progress ? progressPrinter(settings) : undefined;
  let mistakes = new MistakeLines(settings);
  let result: TrainResult = { lossTrEpochs: [], lossValEpochs: [], best: undefined };
  try {
    for await (const event of events) {
      progress?.show(event);
      if (event.type === 'mistake') mistakes.add(event);
      else if (event.type === 'evaluation') {
        progress?.clear();
        if (progress) process.stdout.write(`${epochLine(event, settings.nEpochs)}\n`);
        mistakes.print();
        mistakes = new MistakeLines(settings);
      } else if (event.type === 'split' && progress) {
        progress.clear();
        process.stdout.write(`${splitLine(event)}\n`);
      } else if (event.type === 'checkpoint' && progress) {
        process.stdout.write(`  saved model and tokenizer to ${event.dir}\n`);
      } else if (event.type === 'start' && event.resumed && progress) {
        process.stdout.write(`${resumedLines(event.resumed).join('\n')}\n`);
      } else if (event.type === 'end') {
        result = event.result;
        if (result.stoppedEarly && progress) process.stdout.write(`${earlyStopLine(result.stoppedEarly)}\n`);
      }
    }
  } finally {
    progress?.clear();
  }
  return result;
}

/** The tables of an epoch's mistakes, kept until its evaluation has ended. */
class MistakeLines {
  readonly #tables: MistakeTables | undefined;
  readonly #lines: string[] = [];

  constructor({ printValMistakes, maxMistakes }: PrinterSettings) {
    if (printValMistakes) this.#tables = new MistakeTables({ maxMistakes });
  }

  add(sentence: PredictedSentence): void {
    if (this.#tables) this.#lines.push(...this.#tables.next(sentence));
  }

  print(): void {
    if (this.#lines.length > 0) process.stdout.write(`\n${this.#lines.join('\n')}\n\n`);
  }
}

function splitLine({ step, parts, rows }: SplitEvent): string {
  const how = parts === 1 ? 'one by one,' : `in ${parts} parts`;
  return (
    `  not enough memory for step ${step}: micro-batches are now computed ${how} of at most ${rows} ` +
    `${rows === 1 ? 'sentence' : 'sentences'}; steps and losses stay the same`
  );
}

function resumedLines({ step, epoch, finished, notes }: ResumedFrom): string[] {
  if (finished) return [`This run had ended, after step ${step}: there is nothing left to train.`];
  return [`Resuming after step ${step}, in epoch ${epoch}.`, ...notes.map(note => `  ${note}`)];
}

function earlyStopLine({ epoch, step }: EarlyStop): string {
  return `Stopped early after step ${step}, in epoch ${epoch}: no more gain.`;
}

function epochLine(
  { step, epoch, endOfEpoch, lossTr, evaluation, best }: EvaluationEvent,
  nEpochs: number,
): string {
  const place = endOfEpoch ? '' : `, step ${step}`;
  const parts = [`epoch ${epoch}/${nEpochs}${place}: training loss ${lossTr.toFixed(4)}`];
  if (evaluation) {
    const { precision, recall, f1 } = evaluation.entities.micro;
    parts.push(
      `validation loss ${evaluation.loss.toFixed(4)}`,
      `entities P ${precision.toFixed(4)} R ${recall.toFixed(4)} F1 ${f1.toFixed(4)}`,
      `words F1 ${evaluation.words.f1.toFixed(4)}`,
    );
  }
  return `${parts.join(', ')}${evaluation && best ? ' (best so far)' : ''}`;
}
