import { SingleBar } from 'cli-progress';
import type { StartEvent, StepEvent, TrainerEvent } from './events.ts';
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

/** Words and seconds since training began, evaluation left out. */
class Pace {
  #words = 0;
  #seconds = 0;
  #steps = 0;
  #last = performance.now();

  /** To be called when something else than steps begins or has ended. */
  pause(): void {
    this.#last = performance.now();
  }

  add({ words }: StepEvent): void {
    const now = performance.now();
    this.#seconds += (now - this.#last) / 1000;
    this.#last = now;
    this.#words += words;
    this.#steps++;
  }

  get wordsPerSecond(): number {
    return this.#words / this.#seconds;
  }

  secondsLeft(steps: number): number {
    return (this.#seconds / this.#steps) * steps;
  }
}

/** The figures of a step that both printers show. */
class StepFigures {
  readonly #pace = new Pace();
  readonly #nEpochs: number;
  #stepsPerEpoch: number | undefined;

  constructor(nEpochs: number) {
    this.#nEpochs = nEpochs;
  }

  start(event: StartEvent): void {
    this.#stepsPerEpoch = event.stepsPerEpoch;
    this.#pace.pause();
  }

  pause(): void {
    this.#pace.pause();
  }

  get stepsPerEpoch(): number | undefined {
    return this.#stepsPerEpoch;
  }

  of(event: StepEvent): string {
    this.#pace.add(event);
    const figures = [
      `loss ${event.loss.toFixed(4)}`,
      `lr ${event.learningRate.toExponential(2)}`,
      `${Math.round(this.#pace.wordsPerSecond).toLocaleString('en-US')} words/s`,
    ];
    if (this.#stepsPerEpoch !== undefined) {
      const left = this.#pace.secondsLeft(this.#nEpochs * this.#stepsPerEpoch - event.step);
      figures.push(`${duration(left)} of training left`);
    }
    return figures.join('  ');
  }
}

class BarPrinter implements ProgressPrinter {
  readonly #figures: StepFigures;
  readonly #nEpochs: number;
  #bar: SingleBar | undefined;

  constructor({ nEpochs }: ProgressSettings) {
    this.#nEpochs = nEpochs;
    this.#figures = new StepFigures(nEpochs);
  }

  show(event: TrainerEvent): void {
    if (event.type === 'start') {
      this.#figures.start(event);
    } else if (event.type === 'step') {
      const figures = this.#figures.of(event);
      const title = `epoch ${event.epoch}/${this.#nEpochs}`;
      this.#update(title, event.stepOfEpoch, this.#figures.stepsPerEpoch, figures);
      if (event.stepOfEpoch === this.#figures.stepsPerEpoch) this.clear();
    } else if (event.type === 'evaluation-step') {
      this.#update(`evaluation ${event.epoch}/${this.#nEpochs}`, event.batch, event.batches, '');
      this.#figures.pause();
    } else if (event.type === 'checkpoint') {
      this.#figures.pause();
    }
  }

  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #update(title: string, value: number, total: number | undefined, figures: string): void {
    this.#bar ??= startBar(title, total);
    this.#bar.update(value, { title, figures });
  }
}

function startBar(title: string, total: number | undefined): SingleBar {
  const place = total === undefined ? '{value}' : '{bar} {value}/{total}';
  const bar = new SingleBar({
    format: `{title} ${place}  {figures}`,
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stdout,
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
    if (event.type === 'start') {
      this.#figures.start(event);
    } else if (event.type === 'step') {
      const figures = this.#figures.of(event);
      if (event.step % this.#settings.printEvery !== 0) return;
      const total = this.#figures.stepsPerEpoch;
      const place = `${event.stepOfEpoch}${total === undefined ? '' : `/${total}`}`;
      process.stdout.write(`epoch ${event.epoch}/${this.#settings.nEpochs}  step ${place}  ${figures}\n`);
    } else {
      this.#figures.pause();
    }
  }

  clear(): void {}
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
