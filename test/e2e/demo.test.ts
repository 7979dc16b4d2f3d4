import { join } from 'node:path';
import test from 'ava';
import { prepareLoader } from '../../src/cli/corpus.ts';
import { demoDefaults, demoFolder } from '../../src/cli/data-source.ts';
import { readDataFromFile } from '../../src/data/conll.ts';
import { getLabels } from '../../src/data/labels.ts';
import type { DataSample } from '../../src/data/sample.ts';
import { permutation } from '../../src/data/shuffle.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { AutoTokenizer } from '../../src/tokenization/auto-tokenizer.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { getLinearScheduleWithWarmup } from '../../src/training/schedules.ts';
import { trainerOf } from '../support/small-training.ts';
import { readJson } from '../support/tokenizer-goldens.ts';

/* That a model learns from the demo what the demo teaches: with its recipe, for a part of its epochs. */

const EPOCHS = 8;

/** For machines that do much else at once, in milliseconds. */
const DEADLINE = 600_000;

const train = await readDataFromFile(join(demoFolder, 'train.iob2'));
const evaluation = await readDataFromFile(join(demoFolder, 'test.iob2'));

/** The best entity F1 on the evaluation part. */
async function bestF1(samples: DataSample[]): Promise<number> {
  const tokenizer = await AutoTokenizer.fromPretrained(demoFolder);
  const { dropout, learningRate, weightDecay, warmupRatio, clipping } = demoDefaults;
  await using model = await BertForTokenClassification.fromConfig(readJson(join(demoFolder, 'config.json')), {
    id2label: Object.keys(getLabels(train).labels2ind),
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    device: 'cpu',
  });
  const load = (part: DataSample[], shuffle: boolean) =>
    prepareLoader(part, tokenizer, model.config.label2id, { ...demoDefaults, shuffle });
  const dataloaderTrain = await load(samples, true);
  const numTrainingSteps = EPOCHS * dataloaderTrain.length;
  const optimizer = getOptimizerWithWeightDecay({
    model,
    optimizer: demoDefaults.optimizer,
    learningRate,
    weightDecay,
  });
  const scheduler = getLinearScheduleWithWarmup({
    optimizer,
    numWarmupSteps: warmupRatio * numTrainingSteps,
    numTrainingSteps,
  });
  const trainer = trainerOf(model, { tokenizer, optimizer, scheduler, clipping, nEpochs: EPOCHS });
  const { best } = await trainer.train({ dataloaderTrain, dataloaderVal: await load(evaluation, false) });
  return best?.f1 ?? 0;
}

/** The same sentences with the tags of the whole corpus in another order. */
function withShuffledTags(samples: readonly DataSample[]): DataSample[] {
  const tags = samples.flatMap(({ labels }) => labels);
  const order = permutation(tags.length, 42, 0);
  let next = 0;
  return samples.map(({ words }) => ({ words, labels: words.map(() => tags[order[next++] ?? 0] ?? 'O') }));
}

test.serial('the demo is learnt in part: neither not at all nor wholly', async t => {
  t.timeout(DEADLINE);
  const f1 = await bestF1(train);
  t.true(f1 > 0.3 && f1 < 0.98, `${f1}`);
});

test.serial('with shuffled training labels nothing is learnt', async t => {
  t.timeout(DEADLINE);
  const f1 = await bestF1(withShuffledTags(train));
  t.true(f1 < 0.1, `${f1}`);
});
