/* Prints how much the process grew, in MB, over rounds of making, training and leaving models. */
import { setImmediate } from 'node:timers/promises';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { tinyModel } from '../../support/train-golden.ts';
import { adam, batch, largeModel, smallModel } from './models.ts';

async function train(model: BertForTokenClassification): Promise<void> {
  const optimizer = adam(model);
  for (let step = 0; step < 2; step++) await model.trainStep([batch(4, 20), batch()], { optimizer });
  await model.forward(batch());
}

/** A model of half a megabyte with gradients and moments. */
const tiny = (): Promise<BertForTokenClassification> => BertForTokenClassification.fromPretrained(tinyModel);

/** Sessions that nothing but `dispose()` frees: the garbage collector must not reach them. */
const kept: unknown[] = [];

const rounds: Record<string, () => Promise<void>> = {
  async disposed() {
    const model = await tiny();
    kept.push(model.session);
    await train(model);
    await model.dispose();
  },
  async 'disposed while busy'() {
    const model = await tiny();
    kept.push(model.session);
    train(model).catch(() => {});
    await model.dispose();
  },
  async refused() {
    const model = await tiny();
    kept.push(model.session);
    await model.session
      .forward({ inputIds: Int32Array.of(999), boundaries: Int32Array.of(0, 1) })
      .catch(() => {});
    await model.forward({ ...batch(), boundaries: Int32Array.of(0) }).catch(() => {});
    await model.dispose();
  },
  /** Nobody disposes of these models of 25 MB: the garbage collector does. */
  async collected() {
    await train(await largeModel());
    await collectGarbage();
  },
};

const [round = '', warmUp = '0', measured = '0'] = process.argv.slice(2);
const { gc } = globalThis as { gc?: () => void };

async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc?.();
    await setImmediate(); // finalizers run
  }
  await (await smallModel()).dispose(); // behind the jobs that finalizers posted
}

/** Megabytes of the process after so many more rounds. */
async function residentAfter(times: number): Promise<number> {
  for (let i = 0; i < times; i++) await rounds[round]?.();
  await collectGarbage();
  return process.memoryUsage.rss() / 2 ** 20;
}

const before = await residentAfter(Number(warmUp));
const after = await residentAfter(Number(measured));
console.log(JSON.stringify({ before, growth: after - before }));
