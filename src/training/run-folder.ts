import { join } from 'node:path';
import { makeFolder, writeFileAtomically } from '../files.ts';
import { classificationReport } from '../report/classification-report.ts';
import { errorCurves } from '../report/error-curves.ts';
import { learningRateCurve } from '../report/learning-rate-curve.ts';
import { writeFigure } from '../report/write-figure.ts';
import { type CardLoaders, describeScores, describeTraining } from './card.ts';
import type { BestEpoch, TrainResult } from './events.ts';
import type { TrainerSettings } from './trainer-options.ts';

/** The folder of a run: the checkpoint of the best epoch with its report, and figures. */
export class RunFolder {
  readonly #settings: TrainerSettings;
  readonly #training: ReturnType<typeof describeTraining>;

  private constructor(settings: TrainerSettings, loaders: CardLoaders) {
    this.#settings = settings;
    this.#training = describeTraining(settings, loaders);
  }

  /** Makes the folder, unless nothing is to be written. @throws NerbertError `ERR_IO` if it cannot be written to */
  static async open(settings: TrainerSettings, loaders: CardLoaders): Promise<RunFolder> {
    const { outputDir, saveBest, report, figures } = settings;
    if (saveBest || report || figures) await makeFolder(outputDir);
    return new RunFolder(settings, loaders);
  }

  /**
   * Saves model, model card and tokenizer as they are now, and the report of the best epoch.
   *
   * @returns whether a checkpoint was written
   */
  async keep(best: BestEpoch | undefined, nEpochs: number): Promise<boolean> {
    const { model, tokenizer, outputDir, saveBest, report } = this.#settings;
    if (saveBest) {
      const training = { ...this.#training, ...describeScores(best, nEpochs) };
      await model.savePretrained(outputDir, { training });
      await tokenizer.savePretrained(outputDir);
    }
    if (report && best) {
      await writeFileAtomically(
        join(outputDir, 'classification_report.txt'),
        classificationReport({ ...best.evaluation, ...best, nEpochs }),
      );
    }
    return saveBest;
  }

  /** Draws the curves of a whole run. */
  async draw(result: TrainResult, f1: number[], learningRates: number[]): Promise<void> {
    if (!this.#settings.figures) return;
    const { lossTrEpochs, lossValEpochs, best } = result;
    const curves = errorCurves({ lossTrEpochs, lossValEpochs, f1, ...(best && { bestEpoch: best.epoch }) });
    await writeFigure(curves, join(this.#settings.outputDir, 'error_curves'));
    await writeFigure(learningRateCurve({ learningRates }), join(this.#settings.outputDir, 'learning_rate'));
  }
}
