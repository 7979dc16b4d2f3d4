/* Prints the losses of three worker threads and of the main thread, which all train at the same time. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { adam, batch, smallModel } from './models.ts';

async function losses(): Promise<number[]> {
  await using model = await smallModel({ hiddenDropoutProb: 0.2 });
  const optimizer = adam(model);
  const all: number[] = [];
  for (let i = 0; i < 10; i++) all.push((await model.trainStep(batch(8, 64), { optimizer })).loss);
  return all;
}

if (isMainThread) {
  const workers = Array.from({ length: 3 }, async () => {
    const [answer] = await once(new Worker(new URL(import.meta.url)), 'message');
    return answer;
  });
  const main = await losses();
  console.log(JSON.stringify({ workers: await Promise.all(workers), main }));
} else {
  parentPort?.postMessage(await losses());
}
