import { readFileSync } from 'node:fs';
import test from 'ava';
import { OptionError } from '../../src/errors.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import type { FreezeOptions } from '../../src/model/model-options.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { goldenBatch } from '../support/golden-batches.ts';
import { largestDifference, relativeDifference } from '../support/numbers.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { fixture } from '../support/shared.ts';
import { noDropout } from '../support/train-golden.ts';

interface Golden {
  learning_rate: number;
  runs: Record<
    string,
    {
      options: {
        optimizer: 'adam' | 'adamw';
        weight_decay: number;
        layerwise_decay: number;
        frozen: number;
        clipping: number | null;
      };
      steps: { loss: number; grad_norm: number }[];
    }
  >;
}

const folder = fixture('native', 'relu');
const batch = goldenBatch(readSafetensors(fixture('native', 'relu', 'golden.safetensors')));
const golden: Golden = JSON.parse(readFileSync(fixture('options', 'golden.json'), 'utf8'));
const tensors = readSafetensors(fixture('options', 'golden.safetensors'));

/** The options for so many frozen blocks: the embeddings, then layers. */
function freezeOf(frozen: number): FreezeOptions {
  if (frozen > 1) return { layers: frozen - 1 };
  return { embeddings: frozen === 1 };
}

/** Whether a parameter belongs to the frozen blocks. */
function isFrozen(name: string, frozen: number): boolean {
  if (name.startsWith('bert.embeddings.')) return frozen > 0;
  const layer = /^bert\.encoder\.layer\.(\d+)\./.exec(name)?.[1];
  return layer !== undefined && Number(layer) + 1 < frozen;
}

for (const [name, { options, steps }] of Object.entries(golden.runs)) {
  test(`${name}: losses, norms and final parameters are those of PyTorch`, async t => {
    const freeze = freezeOf(options.frozen);
    await using model = await BertForTokenClassification.fromPretrained(folder, { ...noDropout, freeze });
    await using untrained = await BertForTokenClassification.fromPretrained(folder);
    const optimizer = getOptimizerWithWeightDecay({
      model,
      optimizer: options.optimizer,
      learningRate: golden.learning_rate,
      weightDecay: options.weight_decay,
      layerwiseDecay: options.layerwise_decay,
    });
    for (const expected of steps) {
      const { loss, gradNorm } = await model.trainStep(batch, {
        optimizer,
        clipping: options.clipping ?? undefined,
      });
      t.true(relativeDifference(loss, expected.loss) <= 1e-5);
      t.true(relativeDifference(gradNorm, expected.grad_norm) <= 1e-4);
    }
    for (const { name: parameter } of model.parameters()) {
      const final = await model.session.readParameter(parameter);
      if (isFrozen(parameter, options.frozen)) {
        t.deepEqual(final, await untrained.session.readParameter(parameter), parameter);
        const gradient = await model.session.readGradient(parameter);
        t.true(
          gradient.every(value => value === 0),
          parameter,
        );
      } else if (!parameter.endsWith('key.bias')) {
        // Adam scales the rounding noise of the key biases' gradients up to full steps.
        const difference = largestDifference(final, float32(tensors, `${name}.${parameter}`));
        t.true(difference <= 2e-5, `${parameter}: ${difference}`);
      }
    }
  });
}

test('what cannot be frozen is refused', async t => {
  const bad: [freeze: object, message: RegExp][] = [
    [{ layers: 3 }, /an integer between 0 and 2 for freeze\.layers but received 3/],
    [{ layers: -1 }, /for freeze\.layers/],
    [{ layers: 1, embeddings: false }, /true, since layers above are frozen, for freeze\.embeddings/],
    [{ embeddings: 'yes' }, /true or false for freeze\.embeddings/],
    [{ layer: 1 }, /only the options embeddings, layers for freeze/],
  ];
  for (const [freeze, message] of bad) {
    await t.throwsAsync(BertForTokenClassification.fromPretrained(folder, { freeze }), {
      instanceOf: OptionError,
      message,
    });
  }
});
