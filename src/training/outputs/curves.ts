import { join } from 'node:path';
import { errorCurves } from '../../report/error-curves.ts';
import type { FigureTheme } from '../../report/figure-theme.ts';
import { learningRateCurve } from '../../report/learning-rate-curve.ts';
import { type FigureFiles, writeFigures } from '../../report/write-figure.ts';
import type { TrainerEvent, TrainResult } from '../events.ts';
import { type EpochEnd, placeInEpochs } from '../loop-state.ts';
import type { Recorder } from './recorder.ts';

/** Drawing takes a second of a processor: often enough to look at, too seldom to slow training. */
const REDRAW_MS = 30_000;

/** Draws error_curves and learning_rate at the end, and now and then after an epoch, so that a killed run has them. */
export class CurvesRecorder implements Recorder {
  readonly #folder: string;
  readonly #themes: readonly FigureTheme[];
  readonly #learningRates: number[] = [];
  readonly #epochs: EpochEnd[] = [];
  readonly #evaluations: { step: number; lossVal: number; f1: number }[] = [];
  #best: number | undefined;
  #lastDrawn = performance.now();
  /** The drawing under way, if any, which does not reject. */
  #drawing: Promise<void> | undefined;
  #failure: unknown;

  constructor(folder: string, themes: readonly FigureTheme[]) {
    this.#folder = folder;
    this.#themes = themes;
  }

  async record(event: TrainerEvent): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.recall(event);
    if (event.type === 'evaluation' && event.endOfEpoch) this.#drawBeside();
    if (event.type !== 'end') return;
    this.#endEarly(event.result);
    await this.#drawing;
    await writeFigures(this.#figures());
  }

  recall(event: TrainerEvent): void {
    if (event.type === 'step') this.#learningRates.push(event.learningRate);
    if (event.type !== 'evaluation') return;
    const { step, lossTr, endOfEpoch, evaluation, best } = event;
    if (endOfEpoch) this.#epochs.push({ step, lossTr });
    if (!evaluation) return;
    this.#evaluations.push({ step, lossVal: evaluation.loss, f1: evaluation.f1 });
    if (best) this.#best = step;
  }

  async close(): Promise<void> {
    await this.#drawing;
  }

  /** Training goes on meanwhile; a failure is told with the next event. */
  #drawBeside(): void {
    if (this.#drawing || performance.now() - this.#lastDrawn < REDRAW_MS) return;
    this.#lastDrawn = performance.now();
    this.#drawing = writeFigures(this.#figures())
      .catch(error => {
        this.#failure = error;
      })
      .then(() => {
        this.#drawing = undefined;
      });
  }

  /** Where training stopped within an epoch, its part counts as one. */
  #endEarly({ lossTrEpochs }: TrainResult): void {
    const lossTr = lossTrEpochs[this.#epochs.length];
    if (lossTr !== undefined) this.#epochs.push({ step: this.#learningRates.length, lossTr });
  }

  #figures(): FigureFiles[] {
    const place = (step: number) => placeInEpochs(step, this.#epochs);
    const figures = {
      error_curves: errorCurves({
        lossTrEpochs: this.#epochs.map(({ lossTr }) => lossTr),
        lossValEpochs: this.#evaluations.map(({ lossVal }) => lossVal),
        f1: this.#evaluations.map(({ f1 }) => f1),
        evaluatedAt: this.#evaluations.map(({ step }) => place(step)),
        ...(this.#best !== undefined && { bestEpoch: place(this.#best) }),
      }),
      learning_rate: learningRateCurve({ learningRates: this.#learningRates }),
    };
    return Object.entries(figures).flatMap(([name, figure]) =>
      this.#themes.map(theme => ({
        figure,
        theme,
        pathWithoutExtension: join(this.#folder, theme === 'dark' ? `${name}_dark` : name),
      })),
    );
  }
}
