/* Ends the process in the way that the argument names, with models that nobody disposed of. */
import { readdirSync, readFileSync } from 'node:fs';
import { adam, batch, beginLongStep, largeModel, smallModel } from './models.ts';

/** Threads of the engine that this process has. */
const engineThreads = (): number =>
  readdirSync('/proc/self/task').filter(id => {
    return readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'nerbert\n';
  }).length;

const ways: Record<string, () => Promise<void>> = {
  async undisposed() {
    const model = await smallModel();
    await model.trainStep(batch(), { optimizer: adam(model) });
    console.log('trained');
  },
  async 'unawaited steps'() {
    // Nobody waits, yet what was asked for is done before the process ends.
    const model = await smallModel();
    const optimizer = adam(model);
    for (let i = 0; i < 50; i++) {
      model.trainStep(batch(), { optimizer }).then(() => i === 49 && console.log('all done'));
    }
  },
  async 'exit during a step'() {
    await beginLongStep();
    process.exit(7);
  },
  async 'exit during a bfloat16 step'() {
    await beginLongStep({ dtype: 'bfloat16' });
    process.exit(7);
  },
  async 'exit during a step that threads share'() {
    await beginLongStep();
    process.exit(7);
  },
  async 'exit during an evaluation'() {
    const model = await largeModel();
    const first = model.forward(batch());
    model.forward(batch(512, 64)); // so long that threads share its sequences
    await first; // jobs run in order: the long one has begun
    process.exit(7);
  },
  async 'exit with a queue'() {
    const { model } = await beginLongStep();
    const optimizer = adam(model);
    for (let i = 0; i < 50; i++) model.trainStep(batch(), { optimizer });
    process.exit(7);
  },
  async 'exit in an exit listener'() {
    process.on('exit', () => process.exit(8));
    await beginLongStep();
    process.exit(7);
  },
  async 'exit with threads counted'() {
    // What the C library's exit handlers destroy is no longer in use when the last listener has run.
    process.on('exit', () => console.log(`${engineThreads()} threads at exit`));
    await beginLongStep();
    console.log(`${engineThreads()} threads in a step`);
    process.exit(7);
  },
  async 'exception during a step'() {
    await beginLongStep();
    throw new Error('thrown on purpose');
  },
  async 'exception in a callback'() {
    const { model } = await beginLongStep();
    model.forward(batch());
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
  },
  async 'rejection during a step'() {
    await beginLongStep();
    Promise.reject(new Error('thrown on purpose'));
  },
  async 'signal during a step'() {
    await beginLongStep();
    process.kill(process.pid, 'SIGTERM');
  },
  async 'signal handler that exits'() {
    process.on('SIGTERM', () => process.exit(143));
    await beginLongStep();
    process.kill(process.pid, 'SIGTERM');
  },
};

await ways[process.argv[2] ?? '']?.();
