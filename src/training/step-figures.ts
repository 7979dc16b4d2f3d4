import type { StepEvent, TrainerEvent } from './events.ts';

/** The figures of a step as text, which both printers show: loss, learning rate, pace and time left. */
export class StepFigures {
  readonly #nEpochs: number;
  #stepsPerEpoch: number | undefined;
  /* Since training began, in steps alone: evaluating and saving take no part in the pace. */
  #steps = 0;
  #words = 0;
  #seconds = 0;
  #last = performance.now();

  constructor(nEpochs: number) {
    this.#nEpochs = nEpochs;
  }

  /** Undefined before the start, and where the loader does not know its length. */
  get stepsPerEpoch(): number | undefined {
    return this.#stepsPerEpoch;
  }

  /** Takes in an event. @returns the text for a step, undefined for any other event */
  of(event: TrainerEvent): string | undefined {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    if (event.type === 'start') this.#stepsPerEpoch = event.stepsPerEpoch;
    if (event.type !== 'step') return undefined;
    this.#steps++;
    this.#words += event.words;
    this.#seconds += seconds;
    return this.#describe(event).join('  ');
  }

  #describe({ loss, learningRate, step }: StepEvent): string[] {
    const figures = [
      `loss ${loss.toFixed(4)}`,
      `lr ${learningRate.toExponential(2)}`,
      `${Math.round(this.#words / this.#seconds).toLocaleString('en-US')} words/s`,
    ];
    if (this.#stepsPerEpoch !== undefined) {
      const stepsLeft = this.#nEpochs * this.#stepsPerEpoch - step;
      figures.push(`${duration((this.#seconds / this.#steps) * stepsLeft)} left`);
    }
    return figures;
  }
}

/** Such as 0:05, 12:30 or 1:02:03. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
