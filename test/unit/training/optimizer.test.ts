import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { getOptimizerWithWeightDecay, type OptimizerOptions } from '../../../src/training/optimizer.ts';
import { loaderOf, sentences, smallModel } from '../../support/small-training.ts';

test('defaults are those of PyTorch’s Adam, without decay', async t => {
  await using model = await smallModel();
  const { kind, learningRate, weightDecay, betas, eps } = getOptimizerWithWeightDecay({
    model,
    learningRate: 5e-5,
  });
  t.deepEqual([kind, learningRate, weightDecay, betas, eps], ['adam', 5e-5, 0, [0.9, 0.999], 1e-8]);
});

test('what cannot be used is refused with the option’s name', async t => {
  await using model = await smallModel();
  const bad: [options: object, message: RegExp][] = [
    [{ model: undefined }, /a BertForTokenClassification for model/],
    [{ optimizer: 'sgd' }, /one of "adam", "adamw" for optimizer/],
    [{ learningRate: undefined }, /for learningRate but received undefined/],
    [{ learningRate: -1 }, /a number of at least 0 for learningRate/],
    [{ weightDecay: '0.1' }, /for weightDecay/],
    [{ layerwiseDecay: 0 }, /above 0 and at most 1 for layerwiseDecay/],
    [{ layerwiseDecay: 1.1 }, /at most 1 for layerwiseDecay/],
    [{ betas: [0.9] }, /two numbers for betas/],
    [{ betas: [0.9, 1] }, /below 1 for betas\[1\]/],
    [{ betas: ['0.9', 0.999] }, /for betas\[0\] but received "0\.9"/],
    [{ eps: Number.NaN }, /for eps/],
    [{ lr: 1 }, /only the options .*learningRate.* but received "lr"/],
  ];
  for (const [options, message] of bad) {
    const given = { model, learningRate: 1e-3, ...options } as OptimizerOptions;
    t.throws(() => getOptimizerWithWeightDecay(given), { instanceOf: OptionError, message });
  }
});

test('a step with a disposed optimizer is refused, another optimizer goes on', async t => {
  await using model = await smallModel();
  const batches = [...loaderOf(model, sentences(4))];
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  const other = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  await model.trainStep(batches, { optimizer });
  await optimizer.dispose();
  await optimizer.dispose();
  await t.throwsAsync(model.trainStep(batches, { optimizer }), {
    instanceOf: OptionError,
    message: /an optimizer of this model .*disposed/,
  });
  t.true((await model.trainStep(batches, { optimizer: other })).loss > 0);
});
