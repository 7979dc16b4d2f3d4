import type { EvaluateOptions } from '../../../../src/training/trainer.ts';
import { loaderOf, sentences, smallModel, trainerOf } from '../../../support/small-training.ts';

// Trains with the trainer options of the first argument, then evaluates with each of the others.

const [trainerOptions = {}, ...evaluations] = process.argv.slice(2).map(text => JSON.parse(text));
await using model = await smallModel();
const trainer = trainerOf(model, { nEpochs: 2, ...trainerOptions });
const dataloaderVal = loaderOf(model, sentences(6, 24));
await trainer.train({ dataloaderTrain: loaderOf(model, sentences(24)), dataloaderVal });
for (const options of evaluations as EvaluateOptions[]) await trainer.evaluate(dataloaderVal, options);
