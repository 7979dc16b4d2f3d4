import { join } from 'node:path';
import { makeFolder, writeFileAtomically } from '../files.ts';
import { classificationReport } from '../report/classification-report.ts';
import { errorCurves } from '../report/error-curves.ts';
import { learningRateCurve } from '../report/learning-rate-curve.ts';
import { writeFigure } from '../report/write-figure.ts';
import { type CardLoaders, describeScores, describeTraining } from './card.ts';
import type { BestEpoch } from './events.ts';
import { type LoopState, placeInEpochs } from './loop-state.ts';
import { describeMetric } from './metric.ts';
import { checkSpace } from './space.ts';
import type { TrainerSettings } from './trainer-options.ts';

/** The folder of a run: the checkpoint of the best epoch with its report, and figures. */
export class RunFolder {
  readonly #settings: TrainerSettings;
  readonly #training: ReturnType<typeof describeTraining>;

  private constructor(settings: TrainerSettings, loaders: CardLoaders) {
    this.#settings = settings;
    this.#training = describeTraining(settings, loaders);
  }

  /** Makes the folder, unless nothing is to be written. @throws NerbertError `ERR_IO` if it cannot be written to or has too little space */
  static async open(settings: TrainerSettings, loaders: CardLoaders): Promise<RunFolder> {
    const { outputDir, saveBest, report, figures, saveEvery } = settings;
    if (saveBest || report || figures || saveEvery !== 'never') {
      await makeFolder(outputDir);
      await checkSpace(settings);
    }
    return new RunFolder(settings, loaders);
  }

  /**
   * Saves model, model card and tokenizer as they are now, and the report of the best epoch.
   *
   * @returns whether a checkpoint was written
   */
  async keep(best: BestEpoch | undefined): Promise<boolean> {
    const { model, tokenizer, outputDir, saveBest, report, nEpochs, metric } = this.#settings;
    if (saveBest) {
      const training = { ...this.#training, ...describeScores(best, nEpochs) };
      await model.savePretrained(outputDir, { training });
      await tokenizer.savePretrained(outputDir);
    }
    if (report && best) {
      await writeFileAtomically(
        join(outputDir, 'classification_report.txt'),
        classificationReport({ ...best.evaluation, ...best, nEpochs, metric: describeMetric(metric) }),
      );
    }
    return saveBest;
  }

  /** Draws the curves of a whole run. */
  async draw({ step, epochs, evaluations, best }: LoopState): Promise<void> {
    const { figures, scheduler } = this.#settings;
    if (!figures) return;
    const curves = errorCurves({
      lossTrEpochs: epochs.map(({ lossTr }) => lossTr),
      lossValEpochs: evaluations.map(({ lossVal }) => lossVal),
      f1: evaluations.map(({ f1 }) => f1),
      evaluatedAt: evaluations.map(evaluation => placeInEpochs(evaluation.step, epochs)),
      ...(best && { bestEpoch: placeInEpochs(best.step, epochs) }),
    });
    const learningRates = Array.from({ length: step }, (_, index) => scheduler.learningRate(index));
    await writeFigure(curves, join(this.#settings.outputDir, 'error_curves'));
    await writeFigure(learningRateCurve({ learningRates }), join(this.#settings.outputDir, 'learning_rate'));
  }
}
