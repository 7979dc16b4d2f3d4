/* Prints what becomes of a model and of a batch that are too large for the memory that the process may use. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { BertTrainer } from '../../../src/training/trainer.ts';
import { tokenizer } from '../../support/small-training.ts';
import { adam, batch } from './models.ts';

const sizes = { vocabSize: 50, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 64 };
const noDropout = { hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 };
const fromConfig = (config: object): Promise<BertForTokenClassification> =>
  BertForTokenClassification.fromConfig(
    { ...sizes, ...config, ...noDropout },
    { numLabels: 3, device: 'cpu' },
  );
const failure = ({ name, code }: Error & { code: string }): string => `${name} ${code}`;

/** Lets the process take 0.5 GB more address space than it has; false where there is no prlimit. */
function limitMemory(): boolean {
  const kilobytes = Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const limit = kilobytes * 1024 + 2 ** 29;
  return spawnSync('prlimit', ['--pid', `${process.pid}`, `--as=${limit}`]).status === 0;
}

// Its activations for a batch of 1,024 pieces take 1 GB each.
const wide = { hiddenSize: 4, intermediateSize: 250_000 };
await using model = await fromConfig(wide);
const optimizer = adam(model);
const gradNorm = async (): Promise<number> =>
  (await model.trainStep(batch(), { optimizer, learningRate: 0 })).gradNorm;
const before = await gradNorm();
const large = batch(16, 64);

/** The step of a twin, which gives its memory back: the model itself would keep it for the next large batch. */
async function stepOfTwin(): Promise<{ loss: number }> {
  await using twin = await fromConfig(wide);
  return twin.trainStep(large, { optimizer: adam(twin), learningRate: 0 });
}
const whole = await stepOfTwin();

/** The split and the one step of a training on the large batch, without the figures of floating-point numbers. */
async function train(): Promise<unknown[]> {
  const labels2ind = model.config.label2id;
  const written = { saveBest: false, report: false, figures: false };
  const trainer = new BertTrainer({ model, tokenizer, optimizer, nEpochs: 1, labels2ind, ...written });
  const told: unknown[] = [];
  for await (const event of trainer.run({ dataloaderTrain: [large] })) {
    if (event.type === 'split') told.push(`${event.parts} parts of ${event.rows}`);
    if (event.type === 'step') told.push(Math.abs(event.loss - whole.loss) < 1e-5 * whole.loss);
  }
  return told;
}

if (limitMemory()) {
  const answers = {
    // 16 GB of parameters
    model: await fromConfig({ hiddenSize: 2000, intermediateSize: 1_000_000 }).then(() => 'made', failure),
    forward: await model.forward(large).then(() => 'computed', failure),
    // Fails with the gradients of its first micro-batch in place.
    step: await model.trainStep([batch(), large], { optimizer }).then(() => 'computed', failure),
  };
  const unchanged = (await gradNorm()) === before;
  console.log(JSON.stringify({ ...answers, unchanged, training: await train() }));
} else {
  console.log('null');
}
