import test from 'ava';
import { answerOf } from '../support/child.ts';

const operations = [
  'forward',
  'predictLabelled',
  'trainStep',
  'savePretrained',
  'parameters',
  'getOptimizerWithWeightDecay',
  'setDropout',
  'findLearningRate',
  'disposeOptimizer',
  'dispose',
];

test('every operation answers in every state: computes, or says that the model is disposed of', async t => {
  const { table, left } = await answerOf<{ table: Record<string, Record<string, string>>; left: string[] }>(
    'lifecycle/children/states.ts',
  );
  const live = Object.fromEntries(operations.map(operation => [operation, 'ok']));
  const gone = {
    ...Object.fromEntries(operations.map(operation => [operation, 'DisposedError ERR_DISPOSED'])),
    disposeOptimizer: 'ok',
    dispose: 'ok',
  };
  t.deepEqual(table, { idle: live, busy: live, failed: live, disposing: gone, disposed: gone });
  t.deepEqual(left, ['README.md', 'config.json', 'model.safetensors']);
});

test('calls settle in their order, disposal behind them; models mixed learn as alone; JavaScript runs meanwhile', async t => {
  const { settled, endedMeanwhile, together, alone, ticks } = await answerOf<{
    settled: string[];
    endedMeanwhile: string[];
    together: number[][];
    alone: number[][];
    ticks: number;
  }>('lifecycle/children/order.ts');
  t.true(settled.includes('late step: ERR_DISPOSED'));
  t.deepEqual(
    settled.filter(name => !name.startsWith('late')),
    ['long step', 'step', 'forward', 'dispose', 'dispose again'],
  );
  t.deepEqual(endedMeanwhile, ['forward', 'dispose']);
  t.is(together.length, 3);
  t.deepEqual(together, alone);
  t.true(ticks >= 10, `${ticks} ticks of a timer during a step`);
});
