import test from 'ava';
import { loadingReport } from '../../../src/checkpoint/loading-report.ts';
import { matchWeights } from '../../../src/checkpoint/match-weights.ts';
import { parameterShapes } from '../../../src/checkpoint/parameters.ts';
import type { TensorEntry } from '../../../src/checkpoint/tensor-entry.ts';
import { CheckpointError } from '../../../src/errors.ts';
import { goldenGeometry, goldenIndex } from '../../support/checkpoints.ts';

const parameters = parameterShapes(goldenGeometry, 11);
const file = 'model.safetensors';

/** The entries of a golden checkpoint, their places in the file left out. */
function entriesOf(variant: string): TensorEntry[] {
  const tensors = goldenIndex.variants[variant]?.tensors ?? [];
  return tensors.map(({ name, dtype, shape }) => ({
    name,
    dtype: dtype as TensorEntry['dtype'],
    shape,
    file,
    offset: 0,
    length: 0,
  }));
}

const full = entriesOf('tc-safetensors');

for (const [variant, { tensors, missing, unused }] of Object.entries(goldenIndex.variants)) {
  test(`${variant}: parameters, missing and unused names as in transformers`, t => {
    const match = matchWeights(entriesOf(variant), parameters, { file });
    const expected = new Map(tensors.map(({ name, canonical }) => [name, canonical]));
    for (const { parameter, entry } of match.load) t.is(expected.get(entry.name), parameter);
    t.is(match.load.length + match.missing.length, parameters.length);
    t.deepEqual(match.missing, missing);
    t.deepEqual(match.unused.toSorted(), unused.toSorted());
    t.deepEqual(match.misshaped, []);
  });
}

test('an encoder without prefix and a classifier may share a file', t => {
  const entries = full.map(entry => ({ ...entry, name: entry.name.replace(/^bert\./, '') }));
  const match = matchWeights(entries, parameters, { file });
  t.is(match.load.length, parameters.length);
  t.deepEqual([match.missing, match.unused], [[], []]);
});

test('a classifier for other labels is replaced only if the labels were given anew', t => {
  const fewer = parameterShapes(goldenGeometry, 3);
  t.deepEqual(matchWeights(full, fewer, { file, labelsGiven: true }).misshaped, [
    { name: 'classifier.weight', expected: [3, 32], found: [11, 32] },
    { name: 'classifier.bias', expected: [3], found: [11] },
  ]);
  const error = t.throws(() => matchWeights(full, fewer, { file }), {
    instanceOf: CheckpointError,
    message: /expected shape \[3,32\] for classifier.weight but found \[11,32\] .*Give id2label or numLabels/,
  });
  t.deepEqual(error.misshaped, ['classifier.weight', 'classifier.bias']);
});

test('any other misshape is refused, labels given or not', t => {
  const wider = parameterShapes({ ...goldenGeometry, intermediateSize: 48 }, 11);
  const error = t.throws(() => matchWeights(full, wider, { file, labelsGiven: true }), {
    instanceOf: CheckpointError,
    message:
      /expected shape \[48,32\] for bert.encoder.layer.0.intermediate.dense.weight but found \[64,32\]/,
  });
  t.is(error.misshaped.length, 6);
});

test('a missing parameter of the encoder is refused, not initialised', t => {
  const more = parameterShapes({ ...goldenGeometry, numHiddenLayers: 3 }, 11);
  const error = t.throws(() => matchWeights(full, more, { file }), {
    instanceOf: CheckpointError,
    message: /16 parameters are missing: bert.encoder.layer.2.attention.self.query.weight/,
  });
  t.is(error.missing.length, 16);
});

test('weights of another kind of model are named as such', t => {
  const roberta = full.map(entry => ({ ...entry, name: entry.name.replace(/^bert\./, 'roberta.') }));
  const encoderOnly = roberta.filter(({ name }) => name.startsWith('roberta.'));
  t.throws(() => matchWeights(encoderOnly, parameters, { file }), {
    instanceOf: CheckpointError,
    message: /Its names begin with roberta\., as of another model: only BERT/,
  });
  t.throws(() => matchWeights(roberta, parameters, { file }), { message: /names begin with roberta\./ });
});

const spoiled: [string, TensorEntry[], RegExp][] = [
  [
    'two tensors of one parameter',
    [...full, ...full.slice(0, 1).map(entry => ({ ...entry, name: entry.name.replace(/^bert\./, '') }))],
    /both bert.* and embeddings.* are stored for the parameter bert/,
  ],
  [
    'integers as weights',
    full.map(entry => (entry.name === 'classifier.bias' ? { ...entry, dtype: 'int64' } : entry)),
    /expected floating-point numbers for classifier.bias but found int64/,
  ],
  [
    'half a classifier',
    full.filter(({ name }) => name !== 'classifier.bias'),
    /it has classifier.weight but no classifier.bias/,
  ],
];

for (const [what, entries, message] of spoiled) {
  test(`refuses ${what}`, t => {
    t.throws(() => matchWeights(entries, parameters, { file, labelsGiven: true }), {
      instanceOf: CheckpointError,
      message,
    });
  });
}

test('the report says what was loaded, initialised and ignored', t => {
  const match = matchWeights(
    [...entriesOf('legacy-bin'), ...full.slice(0, 1).map(entry => ({ ...entry, name: 'extra' }))],
    parameters,
    { file },
  );
  t.is(
    loadingReport(match, 'allenai/scibert_scivocab_cased', 0.02),
    [
      'allenai/scibert_scivocab_cased: loaded 37 parameters',
      '  newly initialised, for the checkpoint lacks them: classifier.weight, classifier.bias (weights normal with standard deviation 0.02, biases 0)',
      '  ignored, not needed for token classification: position ids (1)',
      '  ignored, not needed for token classification: pooler (2)',
      '  ignored, not needed for token classification: pre-training heads (8)',
      '  unused: extra',
    ].join('\n'),
  );
});

test('the report says that a classifier was replaced', t => {
  const match = matchWeights(full, parameterShapes(goldenGeometry, 3), { file, labelsGiven: true });
  t.regex(
    loadingReport(match, 'a/b', 0.02),
    /newly initialised, for the labels are others: classifier.weight \(stored \[11,32\], now \[3,32\]\)/,
  );
});
