/* Prints what every operation answers in every state of a model: 'ok' or the code of its error. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { LRFinder } from '../../../src/training/lr-finder.ts';
import type { Optimizer } from '../../../src/training/optimizer.ts';
import { adam, batch, smallModel } from './models.ts';

const folder = await mkdtemp(join(tmpdir(), 'nerbert-states-'));

const operations: Record<string, (model: BertForTokenClassification, optimizer: Optimizer) => unknown> = {
  forward: model => model.forward(batch()),
  predictLabelled: model => model.predictLabelled(batch()),
  trainStep: (model, optimizer) => model.trainStep([batch(), batch(3, 4)], { optimizer }),
  async savePretrained(model) {
    await model.savePretrained(join(folder, 'saved'));
    await (await BertForTokenClassification.fromPretrained(join(folder, 'saved'))).dispose();
  },
  parameters: model => model.parameters(),
  getOptimizerWithWeightDecay: model => adam(model).handle.ready,
  setDropout: model => model.setDropout({ hiddenDropoutProb: 0.2 }),
  async findLearningRate(model) {
    const finder = new LRFinder(model, adam(model));
    await finder.rangeTest({ trainLoader: [batch()], numIter: 2 });
    await finder.reset();
    await finder.dispose();
  },
  disposeOptimizer: (_, optimizer) => optimizer.dispose(),
  async dispose(model) {
    await Promise.all([model.dispose(), model.dispose()]);
    await model.dispose();
    await model[Symbol.asyncDispose]();
  },
};

/** Brings a model into a state; what it returns is awaited at the end. */
const states: Record<string, (model: BertForTokenClassification, optimizer: Optimizer) => unknown> = {
  idle: () => {},
  busy: (model, optimizer) =>
    Promise.all(Array.from({ length: 5 }, () => model.trainStep(batch(8, 64), { optimizer }))),
  async failed(model, optimizer) {
    const tooLarge = Int32Array.of(99);
    const request = {
      batches: [{ inputIds: tooLarge, labels: Int32Array.of(0), boundaries: Int32Array.of(0, 1) }],
      optimizer: optimizer.handle.id,
      learningRate: 1,
      tokenMean: true,
      separate: false,
      step: 0,
    };
    await model.session.trainStep(request).catch(() => {});
  },
  disposing(model, optimizer) {
    const step = model.trainStep(batch(8, 64), { optimizer });
    return Promise.all([step, model.dispose()]);
  },
  disposed: model => model.dispose(),
};

const table: Record<string, Record<string, string>> = {};
for (const [state, enter] of Object.entries(states)) {
  const row: Record<string, string> = {};
  table[state] = row;
  for (const [operation, run] of Object.entries(operations)) {
    const model = await smallModel();
    const optimizer = adam(model);
    const entered = enter(model, optimizer);
    if (state === 'failed' || state === 'disposed') await entered;
    try {
      await run(model, optimizer);
      row[operation] = 'ok';
    } catch (error) {
      const { name, code } = error as { name: string; code: string };
      row[operation] = `${name} ${code}`;
    }
    await entered;
    await model.dispose();
  }
}
const left = (await readdir(join(folder, 'saved'))).sort();
await rm(folder, { recursive: true });
console.log(JSON.stringify({ table, left }));
