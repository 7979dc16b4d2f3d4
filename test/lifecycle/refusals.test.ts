import test from 'ava';
import type { PackedBatch, PaddedBatch } from '../../src/batch.ts';
import type { AnyBatch } from '../../src/engine/packing.ts';
import { NativeError, OptionError } from '../../src/errors.ts';
import type {
  BertForTokenClassification,
  TrainStepOptions,
} from '../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { adam, batch, smallModel } from './children/models.ts';

/* The small model knows 50 pieces, 64 positions, 2 types and 3 labels. */

const good = batch(2, 3);
const padded: PaddedBatch = {
  inputIds: Int32Array.of(1, 2, 3, 4, 5, 0),
  attentionMask: Int32Array.of(1, 1, 1, 1, 1, 0),
  labels: Int32Array.of(0, 1, 2, 0, 1, -100),
  shape: [2, 3],
};

/** A copy of a value array with one other element. */
function changed(values: Int32Array | undefined, place: number, value: number): Int32Array {
  const copy = Int32Array.from(values ?? []);
  copy[place] = value;
  return copy;
}

/** What a batch may not be, and what the message says of it. */
const badBatches: [title: string, bad: unknown, message: RegExp][] = [
  ['nothing', undefined, /^Expected a packed or a padded batch for batch but received undefined$/],
  ['a string', 'text', /^Expected a packed or a padded batch for batch but received "text"$/],
  [
    'an id beyond the vocabulary',
    { ...good, inputIds: changed(good.inputIds, 4, 50) },
    /^Expected ids from 0 to 49 for batch\.inputIds but received "50 at piece 1 of row 1"$/,
  ],
  [
    'a negative id',
    { ...good, inputIds: changed(good.inputIds, 0, -1) },
    /^Expected ids from 0 to 49 for batch\.inputIds but received "-1 at piece 0 of row 0"$/,
  ],
  [
    'a token type that the model lacks',
    { ...good, tokenTypeIds: changed(new Int32Array(6), 5, 2) },
    /^Expected ids from 0 to 1 for batch\.tokenTypeIds but received "2 at piece 2 of row 1"$/,
  ],
  [
    'a label beyond the labels',
    { ...good, labels: changed(good.labels, 2, 3) },
    /^Expected ids from 0 to 2 or -100 for batch\.labels but received "3 at piece 2 of row 0"$/,
  ],
  [
    'a negative label that is not -100',
    { ...good, labels: changed(good.labels, 2, -1) },
    /^Expected ids from 0 to 2 or -100 for batch\.labels but received "-1 at piece 2 of row 0"$/,
  ],
  [
    'no sequences',
    { inputIds: new Int32Array(), boundaries: Int32Array.of(0) },
    /^Expected a batch of at least one sequence for batch but received "an empty batch"$/,
  ],
  [
    'no boundaries at all',
    { inputIds: new Int32Array(), boundaries: new Int32Array() },
    /^Expected a batch of at least one sequence for batch/,
  ],
  [
    'an empty sequence',
    { ...good, boundaries: Int32Array.of(0, 3, 3, 6) },
    /^Expected a piece in every row for batch but received "none in row 1"$/,
  ],
  [
    'falling boundaries',
    { ...good, boundaries: Int32Array.of(0, 5, 3, 6) },
    /^Expected a piece in every row for batch but received "none in row 1"$/,
  ],
  [
    'boundaries that do not begin at 0',
    { ...good, boundaries: Int32Array.of(1, 3, 6) },
    /^Expected offsets from 0 to 6, the number of input ids, for batch\.boundaries but received "offsets from 1 to 6"$/,
  ],
  [
    'boundaries beyond the pieces',
    { ...good, boundaries: Int32Array.of(0, 3, 7) },
    /for batch\.boundaries but received "offsets from 0 to 7"$/,
  ],
  [
    'a sequence longer than the positions',
    batch(1, 65),
    /^Expected at most 64 pieces a row, the model's positions, for batch but received "65 in row 0"\. Cut it, or let the data loader make windows$/,
  ],
  [
    'fewer labels than pieces',
    { ...good, labels: new Int32Array(5) },
    /^Expected 6 entries \(one for each of 6 input ids\) for batch\.labels but received "5 entries"$/,
  ],
  [
    'ids that are floats',
    { ...good, inputIds: Float32Array.from(good.inputIds) },
    /^Expected an Int32Array for batch\.inputIds but received Float32Array\(6\)$/,
  ],
  [
    'ids in a plain list',
    { ...good, inputIds: Array.from(good.inputIds) },
    /^Expected an Int32Array for batch\.inputIds but received \[0,7,14,21,28,35\]$/,
  ],
  [
    'labels of 64 bits',
    { ...good, labels: BigInt64Array.from(Array.from(good.inputIds, BigInt)) },
    /^Expected an Int32Array for batch\.labels but received BigInt64Array\(6\)$/,
  ],
  [
    'boundaries in a plain list',
    { ...good, boundaries: [0, 3, 6] },
    /^Expected an Int32Array for batch\.boundaries but received \[0,3,6\]$/,
  ],
  [
    'neither boundaries nor shape',
    { inputIds: good.inputIds },
    /^Expected \[rows, length\] \(or boundaries, for a packed batch\) for batch\.shape but received undefined$/,
  ],
  [
    'a shape of other size',
    { ...padded, shape: [2, 4] },
    /^Expected 8 entries \(2 x 4\) for batch\.inputIds but received "6 entries"$/,
  ],
  ['a shape of floats', { ...padded, shape: [1.5, 4] }, /^Expected \[rows, length\] .* received \[1\.5,4\]$/],
  [
    'a mask with a hole',
    { ...padded, attentionMask: Int32Array.of(1, 1, 1, 1, 0, 1) },
    /^Expected ones, then zeros in row 1 for batch\.attentionMask but received "1 0 1"$/,
  ],
  [
    'a mask of other numbers',
    { ...padded, attentionMask: Int32Array.of(1, 1, 1, 1, 2, 0) },
    /^Expected ones, then zeros in row 1 for batch\.attentionMask but received "1 2 0"$/,
  ],
  [
    'a row that is all padding',
    { ...padded, attentionMask: Int32Array.of(1, 1, 1, 0, 0, 0) },
    /^Expected a piece in every row for batch but received "none in row 1"$/,
  ],
];

/** Shows that a model answers and learns as before. */
async function stillWell(model: BertForTokenClassification): Promise<unknown> {
  const { losses } = await model.trainStep(good, { optimizer: adam(model), learningRate: 0 });
  return { losses, ...(await model.forward(good)) };
}

const noDropout = { hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 };

test('a bad batch is refused with its place, and the model stays well', async t => {
  await using model = await smallModel(noDropout);
  const optimizer = adam(model);
  const before = await stillWell(model);
  for (const [title, value, message] of badBatches) {
    const bad = value as AnyBatch;
    const expected = { instanceOf: OptionError, code: 'ERR_OPTION', message };
    await t.throwsAsync(model.forward(bad), expected, `forward: ${title}`);
    await t.throwsAsync(model.predictLabelled(bad), expected, `predictLabelled: ${title}`);
    const inStep = {
      ...expected,
      message: new RegExp(message.source.replaceAll('for batch', 'for batches\\[1\\]')),
    };
    await t.throwsAsync(model.trainStep([good, bad], { optimizer }), inStep, `trainStep: ${title}`);
  }
  t.deepEqual(await stillWell(model), before);
});

test('a bad option of a step is refused by name, and the model stays well', async t => {
  await using model = await smallModel(noDropout);
  await using other = await smallModel();
  const optimizer = adam(model);
  const disposed = adam(model);
  await disposed.dispose();
  const before = await stillWell(model);
  const cases: [title: string, options: object, message: RegExp][] = [
    [
      'NaN as rate',
      { learningRate: Number.NaN },
      /^Expected a number of at least 0 for learningRate but received NaN$/,
    ],
    [
      'negative rate',
      { learningRate: -1e-9 },
      /^Expected a number of at least 0 for learningRate but received -1e-9$/,
    ],
    ['infinite rate', { learningRate: Infinity }, /^Expected .* for learningRate but received Infinity$/],
    ['rate as text', { learningRate: '1e-3' }, /^Expected .* for learningRate but received "1e-3"$/],
    ['clipping at 0', { clipping: 0 }, /^Expected .* for clipping but received 0$/],
    ['negative clipping', { clipping: -1 }, /^Expected .* for clipping but received -1$/],
    ['NaN as clipping', { clipping: Number.NaN }, /^Expected .* for clipping but received NaN$/],
    [
      'unknown reduction',
      { lossReduction: 'mean' },
      /^Expected one of "token-mean", "batch-mean", "mean-of-batch-means" for lossReduction but received "mean"$/,
    ],
    [
      'misspelt option',
      { learning_rate: 1 },
      /^Expected only the options .*learningRate.* received "?learning_rate"?$/,
    ],
    [
      'no optimizer',
      { optimizer: undefined },
      /^Expected an optimizer made by getOptimizerWithWeightDecay for optimizer but received undefined$/,
    ],
    ['something else as optimizer', { optimizer: {} }, /for optimizer but received an object$/],
    [
      'optimizer of another model',
      { optimizer: adam(other) },
      /^Expected an optimizer of this model for optimizer but received an instance of Optimizer\. It was made for another model/,
    ],
    [
      'disposed optimizer',
      { optimizer: disposed },
      /^Expected an optimizer of this model for optimizer .* or disposed/,
    ],
  ];
  for (const [title, options, message] of cases) {
    const step = model.trainStep(good, { optimizer, ...options } as TrainStepOptions);
    await t.throwsAsync(step, { instanceOf: OptionError, message }, title);
  }
  const bare = model.trainStep(good, undefined as unknown as TrainStepOptions);
  await t.throwsAsync(bare, { instanceOf: OptionError, message: /for trainStep but received undefined$/ });
  t.deepEqual(await stillWell(model), before);
});

test('a step needs a batch and a label that counts', async t => {
  await using model = await smallModel({ classWeights: Float32Array.of(0, 1, 1) });
  const optimizer = adam(model);
  const { labels: _, ...unlabelled } = good;
  const message =
    /^Expected a label that counts \(not -100, of weight above 0\) for batches but received "none"$/;
  for (const batches of [
    [unlabelled],
    [{ ...good, labels: new Int32Array(6).fill(-100) }, unlabelled],
    [{ ...good, labels: new Int32Array(6) }],
  ]) {
    await t.throwsAsync(model.trainStep(batches, { optimizer }), { instanceOf: OptionError, message });
  }
  const expected = {
    instanceOf: OptionError,
    message: /^Expected at least one batch for batches but received \[\]$/,
  };
  await t.throwsAsync(model.trainStep([], { optimizer }), expected);
});

test('a refused step leaves masks, moments and parameters as they were', async t => {
  const run = async (disturb: (model: BertForTokenClassification) => Promise<unknown>): Promise<unknown> => {
    await using model = await smallModel({ hiddenDropoutProb: 0.3 });
    const optimizer = adam(model);
    const losses = [];
    for (let i = 0; i < 3; i++) {
      losses.push((await model.trainStep(good, { optimizer })).losses);
      await disturb(model);
    }
    return losses;
  };
  const undisturbed = await run(async () => {});
  const disturbed = await run(async model => {
    const optimizer = adam(model);
    await t.throwsAsync(model.trainStep({ ...good, labels: new Int32Array(6).fill(9) }, { optimizer }));
    await t.throwsAsync(model.trainStep({ ...good, labels: new Int32Array(6).fill(-100) }, { optimizer }));
    await t.throwsAsync(model.trainStep(good, { optimizer, learningRate: Number.NaN }));
  });
  t.deepEqual(disturbed, undisturbed);
});

test('the native side refuses by itself what would read beyond memory', async t => {
  await using model = await smallModel(noDropout);
  const before = await stillWell(model);
  const cases: [PackedBatch, RegExp][] = [
    [
      { ...good, inputIds: changed(good.inputIds, 4, 50) },
      /input ids between 0 and 49 but received 50 at piece 1 of row 1/,
    ],
    [{ ...good, inputIds: changed(good.inputIds, 4, -1) }, /input ids between 0 and 49 but received -1/],
    [{ ...good, labels: changed(good.labels, 0, 3) }, /labels between 0 and 2 or -100 but received 3/],
    [{ ...good, tokenTypeIds: new Int32Array(6).fill(2) }, /token type ids between 0 and 1 but received 2/],
    [{ ...good, tokenTypeIds: new Int32Array(5) }, /tokenTypeIds to have 6 entries/],
    [{ ...good, labels: new Int32Array(7) }, /labels to have 6 entries/],
    [{ ...good, boundaries: Int32Array.of(0) }, /at least one sequence but the batch is empty/],
    [{ ...good, boundaries: Int32Array.of(0, 5, 3, 6) }, /every sequence to have a piece but row 1 has none/],
    [{ ...good, boundaries: Int32Array.of(-1, 3, 6) }, /boundaries from 0 to 6/],
    [{ ...good, boundaries: Int32Array.of(0, 2 ** 31 - 1, 6) }, /sequences of at most 64 pieces/],
    [batch(1, 65), /sequences of at most 64 pieces .* but row 0 has 65/],
  ];
  for (const [bad, message] of cases) {
    await t.throwsAsync(model.session.forward(bad), { instanceOf: NativeError, code: 'ERR_BATCH', message });
  }
  const { session } = model;
  await t.throwsAsync(session.readParameter('bert.pooler'), {
    instanceOf: NativeError,
    message: /no parameter named bert\.pooler/,
  });
  await t.throwsAsync(session.forward({} as PackedBatch), { message: /Expected an Int32Array for inputIds/ });
  t.deepEqual(await stillWell(model), before);
});

test('an unusable device, seed, type or weighing is refused by name', async t => {
  const refused = (options: object, message: RegExp) =>
    t.throwsAsync(smallModel(options), { instanceOf: OptionError, message });
  await refused(
    { device: 'gpu' },
    /^Expected "auto", "cpu", "cuda" or "cuda:N" for device but received "gpu"$/,
  );
  await refused({ device: 'cuda:x' }, /for device but received "cuda:x"$/);
  await refused(
    { dtype: 'float16' },
    /^Expected one of "auto", "float32", "bfloat16" for dtype but received "float16"$/,
  );
  await refused({ seed: 1.5 }, /^Expected an integer of at least 0 for seed but received 1\.5$/);
  await refused({ seed: -1 }, /for seed but received -1$/);
  await refused(
    { classWeights: [1, 1, 1] },
    /^Expected a Float32Array for classWeights but received \[1,1,1\]$/,
  );
  await refused(
    { classWeights: Float32Array.of(1, 1) },
    /^Expected 3 weights, one for each label, for classWeights/,
  );
  await refused({ classWeights: Float32Array.of(1, -1, 1) }, /for classWeights\[1\] but received -1$/);
  await refused(
    { hiddenDropoutProb: 1 },
    /^Expected a number of at least 0 and below 1 for hiddenDropoutProb but received 1$/,
  );
  await refused({ numLabel: 3 }, /received "?numLabel"?/);
  t.throws(() => getOptimizerWithWeightDecay({ model: undefined as never, learningRate: 1 }), {
    instanceOf: OptionError,
  });
});
