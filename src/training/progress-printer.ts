import { SingleBar } from 'cli-progress';
import type { TrainerEvent } from './events.ts';
import { StepFigures } from './step-figures.ts';
import type { TrainerSettings } from './trainer-options.ts';

type ProgressSettings = Pick<TrainerSettings, 'nEpochs' | 'printEvery'>;

export interface ProgressPrinter {
  show(event: TrainerEvent): void;
  /** Takes an unfinished bar off the terminal. */
  clear(): void;
}

/** A progress bar on a terminal, plain lines elsewhere. */
export function progressPrinter(settings: ProgressSettings): ProgressPrinter {
  return process.stdout.isTTY ? new BarPrinter(settings) : new LinePrinter(settings);
}

class BarPrinter implements ProgressPrinter {
  readonly #figures: StepFigures;
  readonly #nEpochs: number;
  #bar: SingleBar | undefined;
  #title = '';

  constructor({ nEpochs }: ProgressSettings) {
    this.#nEpochs = nEpochs;
    this.#figures = new StepFigures(nEpochs);
  }

  show(event: TrainerEvent): void {
    const figures = this.#figures.of(event) ?? '';
    if (event.type === 'step') {
      const title = `epoch ${event.epoch}/${this.#nEpochs}`;
      this.#update(title, event.stepOfEpoch, this.#figures.stepsPerEpoch, figures);
    } else if (event.type === 'evaluation-step') {
      this.#update(`evaluation ${event.epoch}/${this.#nEpochs}`, event.batch, event.batches, figures);
    }
  }

  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #update(title: string, value: number, total: number | undefined, figures: string): void {
    if (title !== this.#title) this.clear();
    this.#title = title;
    this.#bar ??= startBar(title, total);
    this.#bar.update(value, { title, figures });
  }
}

/** Columns that the text takes, as a rule at most, so that the time left still shows in a terminal of 80. */
const WIDTH_BESIDE_BAR = 74;

function startBar(title: string, total: number | undefined): SingleBar {
  const place = total === undefined ? '{value}' : '{bar} {value}/{total}';
  const bar = new SingleBar({
    format: `{title} ${place}  {figures}`,
    barsize: Math.min(40, Math.max(4, process.stdout.columns - WIDTH_BESIDE_BAR)),
    clearOnComplete: true,
    stream: process.stdout,
    // Nothing that a killed process would leave behind in the terminal; long lines are cut all the same.
    hideCursor: false,
    linewrap: true,
    // Signals are not ours to catch: a listener would keep Ctrl-C from ending the user's program.
    gracefulExit: false,
  });
  bar.start(total ?? 1, 0, { title, figures: '' });
  return bar;
}

class LinePrinter implements ProgressPrinter {
  readonly #figures: StepFigures;
  readonly #settings: ProgressSettings;

  constructor(settings: ProgressSettings) {
    this.#settings = settings;
    this.#figures = new StepFigures(settings.nEpochs);
  }

  show(event: TrainerEvent): void {
    const figures = this.#figures.of(event);
    if (event.type !== 'step' || event.step % this.#settings.printEvery !== 0) return;
    const { stepsPerEpoch } = this.#figures;
    const total = stepsPerEpoch === undefined ? '' : `/${stepsPerEpoch}`;
    process.stdout.write(
      `epoch ${event.epoch}/${this.#settings.nEpochs}  step ${event.stepOfEpoch}${total}  ${figures}\n`,
    );
  }

  clear(): void {}
}
