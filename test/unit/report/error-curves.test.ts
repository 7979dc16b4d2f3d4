import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { errorCurves } from '../../../src/report/error-curves.ts';

const lossTrEpochs = [0.31, 0.17, 0.12];
const lossValEpochs = [0.2, 0.16, 0.18];

test('epochs count from 1', t => {
  const [panel, ...others] = errorCurves({ lossTrEpochs, lossValEpochs }).panels;
  t.deepEqual(others, []);
  t.deepEqual(panel?.series, [
    {
      name: 'training loss',
      points: [
        { x: 1, y: 0.31 },
        { x: 2, y: 0.17 },
        { x: 3, y: 0.12 },
      ],
    },
    {
      name: 'validation loss',
      points: [
        { x: 1, y: 0.2 },
        { x: 2, y: 0.16 },
        { x: 3, y: 0.18 },
      ],
    },
  ]);
  t.is(panel?.x.title, 'epoch');
  t.is(panel?.y.title, 'loss per labelled word (nats)');
});

test('without validation, the training loss alone', t => {
  for (const figure of [
    errorCurves({ lossTrEpochs }),
    errorCurves({ lossTrEpochs, lossValEpochs: [], f1: [] }),
  ]) {
    t.is(figure.title, 'Training loss per epoch');
    t.deepEqual(
      figure.panels.map(panel => panel.series.map(series => series.name)),
      [['training loss']],
    );
    t.deepEqual(figure.notes, []);
  }
});

test('entity F1 has a panel of its own, and the best epoch is marked in both', t => {
  const figure = errorCurves({ lossTrEpochs, lossValEpochs, f1: [0.69, 0.75, 0.74], bestEpoch: 2 });
  t.deepEqual(
    figure.panels.map(panel => panel.y.title),
    ['loss per labelled word (nats)', 'entity F1'],
  );
  t.deepEqual(
    figure.panels.map(panel => panel.markers.map(marker => marker.x)),
    [[2], [2]],
  );
  t.deepEqual(figure.notes, ['best epoch 2: training loss 0.1700, validation loss 0.1600, entity F1 0.7500']);
});

test('values that are not finite are named', t => {
  const figure = errorCurves({ lossTrEpochs: [0.3, Number.NaN], lossValEpochs: [Infinity, 0.2] });
  t.deepEqual(figure.notes, [
    'not drawn: training loss NaN at epoch 2',
    'not drawn: validation loss Infinity at epoch 1',
  ]);
  t.deepEqual(errorCurves({ lossTrEpochs: Array(9).fill(Number.NaN) }).notes, [
    'not drawn: training loss NaN at epoch 1, NaN at epoch 2, NaN at epoch 3, NaN at epoch 4, 5 more',
  ]);
});

test('no epoch, or a best epoch that is none of them, is refused', t => {
  t.throws(() => errorCurves({ lossTrEpochs: [] }), {
    instanceOf: OptionError,
    message: /at least one epoch/,
  });
  for (const bestEpoch of [0, 4, 1.5]) {
    t.throws(() => errorCurves({ lossTrEpochs, bestEpoch }), {
      instanceOf: OptionError,
      message: /between 1 and 3 for bestEpoch/,
    });
  }
});
