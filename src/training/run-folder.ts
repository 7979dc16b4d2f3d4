import { makeFolder } from '../files.ts';
import { type CardLoaders, describeScores, describeTraining } from './card.ts';
import type { BestEpoch } from './events.ts';
import { checkSpace } from './space.ts';
import type { TrainerSettings } from './trainer-options.ts';

/** The folder of a run: the checkpoint of the best epoch, beside what is recorded of the run. */
export class RunFolder {
  readonly #settings: TrainerSettings;
  readonly #training: ReturnType<typeof describeTraining>;

  private constructor(settings: TrainerSettings, loaders: CardLoaders) {
    this.#settings = settings;
    this.#training = describeTraining(settings, loaders);
  }

  /** Makes the folder, unless nothing is to be written. @throws NerbertError `ERR_IO` if it cannot be written to or has too little space */
  static async open(settings: TrainerSettings, loaders: CardLoaders): Promise<RunFolder> {
    const { outputDir, saveBest, report, history, tensorboard, figures, saveEvery } = settings;
    if (saveBest || report || history || tensorboard || figures || saveEvery !== 'never') {
      await makeFolder(outputDir);
      await checkSpace(settings);
    }
    return new RunFolder(settings, loaders);
  }

  /**
   * Saves model, model card and tokenizer as they are now.
   *
   * @returns whether a checkpoint was written
   */
  async keep(best: BestEpoch | undefined): Promise<boolean> {
    const { model, tokenizer, outputDir, saveBest, nEpochs } = this.#settings;
    if (saveBest) {
      const training = { ...this.#training, ...describeScores(best, nEpochs) };
      await model.savePretrained(outputDir, { training });
      await tokenizer.savePretrained(outputDir);
    }
    return saveBest;
  }
}
