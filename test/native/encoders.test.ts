import { availableParallelism } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import { answerOf } from '../support/child.ts';
import { relativeDifference } from '../support/numbers.ts';

/* The fused kernels of a CPU against ATen's operations, with dropout, sequences of all sorts and several micro-batches;
 * test/native/forward, gradients and trajectories compare both with PyTorch where there is no dropout. */

interface Answer {
  cpuCapability: string;
  threads: number;
  losses: number[];
  norms: number[];
  gradients: Record<string, number[]>;
  logits: number[];
  loss: number;
  labels: number[];
  predictions: number[];
  lossOfPredictions: number;
}

const train = (env: Record<string, string>, options: Record<string, unknown> = {}) =>
  answerOf<Answer>('native/children/encoder.ts', { env, args: [JSON.stringify(options)] });

const reference = train({ NERBERT_KERNELS: 'aten' });

/** Losses of the first step nearly to the bit; later ones have grown apart a little, as Adam makes full steps of rounding noise. */
function near(t: ExecutionContext, actual: Answer, expected: Answer): void {
  compare(t, 'losses of the first step', actual.losses.slice(0, 3), expected.losses.slice(0, 3), 1e-6);
  compare(t, 'losses', actual.losses, expected.losses, 1e-4);
  compare(t, 'norms', actual.norms, expected.norms, 1e-4);
  compare(t, 'logits', actual.logits, expected.logits, 1e-4);
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    // Key biases have no gradient but for rounding.
    if (!name.endsWith('key.bias')) compare(t, name, actual.gradients[name] ?? [], gradient, 1e-3);
  }
}

/** Of each labelled piece, the label with the highest logit. */
function mostLikely({ logits, labels }: Answer): number[] {
  const count = logits.length / labels.length;
  return labels.flatMap((label, i) => {
    const scores = logits.slice(i * count, (i + 1) * count);
    return label === -100 ? [] : [scores.indexOf(Math.max(...scores))];
  });
}

function compare(
  t: ExecutionContext,
  name: string,
  actual: number[],
  expected: number[],
  tolerance: number,
): void {
  t.is(actual.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? Number.NaN))));
  t.true(difference <= tolerance * largest, `${name}: ${difference} of ${largest}`);
}

for (const capability of ['default', 'avx2', 'avx512']) {
  test(`the kernels for ${capability} give what ATen gives`, async t => {
    const answer = await train({ ATEN_CPU_CAPABILITY: capability });
    if (answer.cpuCapability.toLowerCase() !== capability) t.log(`this CPU has no ${capability}`);
    near(t, answer, await reference);
  });

  test(`the kernels for ${capability} predict labelled pieces as they do among all pieces`, async t => {
    const answer = await train({ ATEN_CPU_CAPABILITY: capability });
    t.deepEqual(answer.predictions, mostLikely(answer));
    t.true(relativeDifference(answer.lossOfPredictions, answer.loss) <= 1e-6);
  });
}

for (const options of [
  { hiddenAct: 'gelu_new' },
  // Once parameters differ by rounding, an element at relu's kink falls on either side of it.
  { hiddenAct: 'relu', steps: 1 },
]) {
  test(`${options.hiddenAct}: the kernels give what ATen gives`, async t => {
    const expected = await train({ NERBERT_KERNELS: 'aten' }, options);
    t.notDeepEqual(expected.losses, (await reference).losses.slice(0, expected.losses.length));
    near(t, await train({}, options), expected);
  });
}

test('in bfloat16 the kernels give what ATen gives, within what bfloat16 can tell apart', async t => {
  const answer = await train({}, { dtype: 'bfloat16' });
  const expected = await reference;
  t.notDeepEqual(answer.losses, expected.losses);
  for (const [i, loss] of answer.losses.entries()) {
    t.true(relativeDifference(loss, expected.losses[i] ?? Number.NaN) <= 0.02, `loss ${i}: ${loss}`);
  }
});

for (const options of [{}, { gradientCheckpointing: true }, { freeze: { layers: 1 } }]) {
  test(`threads that share the sequences of a batch train as one does: ${JSON.stringify(options)}`, async t => {
    const shared = await train({ OMP_NUM_THREADS: '2', OMP_WAIT_POLICY: 'passive' }, options);
    t.is(shared.threads, Math.min(2, availableParallelism()));
    near(t, shared, await train({ NERBERT_KERNELS: 'aten' }, options));
  });
}

for (const kernels of ['fused', 'aten']) {
  test(`${kernels}: layers computed again for their gradients give the same bits`, async t => {
    const env = { NERBERT_KERNELS: kernels };
    t.deepEqual(await train(env, { gradientCheckpointing: true }), await train(env));
  });

  test(`${kernels}: frozen blocks get no gradient, and the others the one they get otherwise`, async t => {
    const env = { NERBERT_KERNELS: kernels };
    const answer = await train(env, { freeze: { layers: 1 } });
    const whole = await train(env);
    t.is(answer.losses[0], whole.losses[0]);
    for (const [name, gradient] of Object.entries(answer.gradients)) {
      const frozen = name.startsWith('bert.embeddings') || name.includes('.layer.0.');
      t.is(
        frozen,
        gradient.every(element => element === 0),
        name,
      );
    }
  });
}

test('what is no set of kernels is refused', async t => {
  const error = await t.throwsAsync(train({ NERBERT_KERNELS: 'fast' }));
  t.regex(error?.message ?? '', /Expected "fused" or "aten" for NERBERT_KERNELS but received "fast"/);
});
