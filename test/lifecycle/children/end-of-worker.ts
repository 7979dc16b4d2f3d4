/* Ends a worker thread in the way that the argument names, then shows that the main thread still computes. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { adam, batch, beginLongStep, smallModel } from './models.ts';

const say = (message: unknown): void => parentPort?.postMessage(message);

const inWorker: Record<string, () => Promise<void>> = {
  async undisposed() {
    const model = await smallModel();
    await model.trainStep(batch(), { optimizer: adam(model) });
  },
  async 'exit during a step'() {
    await beginLongStep();
    process.exit(7);
  },
  async 'exception during a step'() {
    await beginLongStep();
    throw new Error('thrown on purpose');
  },
  async terminated() {
    const { step } = await beginLongStep();
    say('busy');
    await step;
  },
  /** Settles promises all the time, so that termination meets the addon in JavaScript as well. */
  async 'terminated under traffic'() {
    const model = await smallModel();
    const optimizer = adam(model);
    for (let i = 0; ; i++) {
      await Promise.all([
        model.trainStep(batch(), { optimizer }),
        model.forward(batch()),
        model.forward(batch()),
      ]);
      if (i === 5) say('busy');
    }
  },
  async 'terminated while opening models'() {
    for (let i = 0; ; i++) {
      await smallModel();
      if (i === 3) say('busy');
    }
  },
};

async function runWorker(way: string): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: way });
  worker.on('error', error => console.log(error.message));
  const ended = new Promise<number>(resolve => worker.once('exit', resolve));
  if (way.startsWith('terminated')) {
    await once(worker, 'message');
    await worker.terminate();
  }
  return ended;
}

/** Ends the process while both threads are busy. */
async function exitBusy(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: 'terminated' });
  await once(worker, 'message');
  await beginLongStep();
  process.exit(5);
}

if (isMainThread) {
  if (process.argv[2] === 'process exits') await exitBusy();
  const [way = '', times = '1'] = process.argv.slice(2);
  const model = await smallModel();
  const optimizer = adam(model);
  for (let i = 0; i < Number(times); i++) {
    const step = model.trainStep(batch(), { optimizer });
    console.log(`worker ended with code ${await runWorker(way)}`);
    await step;
    await model.trainStep(batch(), { optimizer });
  }
  await model.dispose();
  console.log('main thread is well');
} else {
  await inWorker[workerData]?.();
}
