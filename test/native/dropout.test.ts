import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import type { ModelOptions } from '../../src/model/model-options.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { withTensor } from '../support/edit-safetensors.ts';
import { goldenBatch } from '../support/golden-batches.ts';
import { gradientsOf } from '../support/model-values.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { fixture } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { microBatches, noDropout, tinyModel } from '../support/train-golden.ts';

const dropout = { hiddenDropoutProb: 0.2, attentionProbsDropoutProb: 0.3, classifierDropout: 0.1 };

/** The losses of some steps over the same micro-batches. */
async function losses(options: ModelOptions, { steps = 3, learningRate = 0 } = {}): Promise<number[]> {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, options);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate });
  const all: number[] = [];
  for (let step = 0; step < steps; step++) {
    all.push(...(await model.trainStep([microBatches[0], microBatches[0]], { optimizer })).losses);
  }
  return all;
}

const distinct = (values: number[]): number => new Set(values).size;

test('a seed gives the same losses bit for bit, another seed others', async t => {
  const training = { learningRate: 1e-3, steps: 5 };
  const first = await losses({ ...dropout, seed: 1 }, training);
  t.deepEqual(await losses({ ...dropout, seed: 1 }, training), first);
  const other = await losses({ ...dropout, seed: 2 }, training);
  t.true(other.every((loss, i) => loss !== first[i]));
});

test('each step and each micro-batch draws its own masks', async t => {
  t.is(distinct(await losses(dropout)), 6);
});

for (const rate of ['hiddenDropoutProb', 'attentionProbsDropoutProb', 'classifierDropout'] as const) {
  test(`${rate} alone drops`, async t => {
    t.is(distinct(await losses({ ...noDropout, [rate]: 0.3 })), 6);
  });
}

test('without dropout neither step nor seed matters', async t => {
  t.is(
    distinct([...(await losses({ ...noDropout, seed: 1 })), ...(await losses({ ...noDropout, seed: 2 }))]),
    1,
  );
});

test('the classifier drops as the config says, else as the hidden states do', async t => {
  const { classifierDropout: _, ...inherited } = { ...noDropout, hiddenDropoutProb: 0.2 };
  t.deepEqual(await losses(inherited), await losses({ ...inherited, classifierDropout: 0.2 }));
  t.notDeepEqual(await losses(inherited), await losses({ ...inherited, classifierDropout: 0 }));
});

test('backward draws the masks of forward: gradients are the slopes of the loss', async t => {
  const source = fixture('native', 'gelu-new');
  const weights = await readFile(join(source, 'model.safetensors'));
  const tensors = readSafetensors(join(source, 'model.safetensors'));
  const batch = goldenBatch(readSafetensors(join(source, 'golden.safetensors')));
  const folder = await temporaryFolder(t);
  await copyFile(join(source, 'config.json'), join(folder, 'config.json'));

  /** The first step, at rate 0, of the model in `folder`; two micro-batches of different masks. */
  const firstStep = async <Answer>(
    use: (model: BertForTokenClassification, loss: number) => Promise<Answer> | Answer,
  ): Promise<Answer> => {
    await using model = await BertForTokenClassification.fromPretrained(folder, { ...dropout, seed: 5 });
    const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
    const { loss } = await model.trainStep([batch, batch], { optimizer });
    return use(model, loss);
  };

  await writeFile(join(folder, 'model.safetensors'), weights);
  const gradients = await firstStep(gradientsOf);
  for (const [name, gradient] of gradients) {
    if (name.endsWith('key.bias')) continue; // 0 but for rounding
    const norm = Math.hypot(...gradient);
    const distance = 0.003; // over more of it the slope itself changes
    const lossAt = async (displacement: number): Promise<number> => {
      const moved = float32(tensors, name).map(
        (value, i) => value + (displacement * (gradient[i] ?? 0)) / norm,
      );
      await writeFile(join(folder, 'model.safetensors'), withTensor(weights, name, moved));
      return firstStep((_, loss) => loss);
    };
    const slope = ((await lossAt(distance)) - (await lossAt(-distance))) / (2 * distance);
    t.true(Math.abs(slope - norm) <= 0.01 * norm, `${name}: slope ${slope}, gradient ${norm}`);
  }
});
