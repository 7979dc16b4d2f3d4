import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { NerbertError } from '../../../src/errors.ts';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { eventsOf, loaderOf, only, sentences, smallModel, trainerOf } from '../../support/small-training.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('with nothing to write the folder is not even made', async t => {
  const outputDir = join(await temporaryFolder(t), 'run');
  await using model = await smallModel();
  const loader = loaderOf(model, sentences(8));
  const data = { dataloaderTrain: loader, dataloaderVal: loader };
  const events = await eventsOf(trainerOf(model, { outputDir }), data);
  t.deepEqual(only(events, 'checkpoint'), []);
  t.false(existsSync(outputDir));
});

const checkpointFiles = [
  'README.md',
  'config.json',
  'model.safetensors',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
];
const figureFiles = ['error_curves', 'error_curves_dark', 'learning_rate', 'learning_rate_dark'].flatMap(
  name => [`${name}.png`, `${name}.svg`],
);
const reportFiles = ['classification_report.txt', 'history.jsonl', 'report.json'];

test('a run leaves the best epoch’s model, tokenizer and report, and the figures', async t => {
  const outputDir = join(await temporaryFolder(t), 'a', 'run');
  await using model = await smallModel();
  const dataloaderTrain = loaderOf(model, sentences(48));
  const dataloaderVal = loaderOf(model, sentences(12, 48));
  const all = { outputDir, saveBest: true, report: true, figures: true };
  // It learns in the first epoch and is ruined in the second.
  const scheduler = { learningRate: (step: number) => (step < 12 ? 1e-2 : 10) };
  const trainer = trainerOf(model, { ...all, nEpochs: 2, scheduler });
  const events = await eventsOf(trainer, { dataloaderTrain, dataloaderVal });
  t.deepEqual(only(events, 'checkpoint'), [{ type: 'checkpoint', epoch: 1, dir: outputDir }]);
  t.deepEqual((await readdir(outputDir)).sort(), [...reportFiles, ...checkpointFiles, ...figureFiles].sort());

  const best = only(events, 'end')[0]?.result.best;
  t.is(best?.epoch, 1);
  await using saved = await BertForTokenClassification.fromPretrained(outputDir, { device: 'cpu' });
  const tokenizer = await AutoTokenizer.fromPretrained(outputDir);
  const again = await trainerOf(saved, { tokenizer }).evaluate(
    loaderOf(saved, sentences(12, 48), {}, { tokenizer }),
  );
  t.deepEqual(again, best?.evaluation);

  const report = await readFile(join(outputDir, 'classification_report.txt'), 'utf8');
  t.true(report.includes(`\n${again.reportEntities}\n`), 'entity report');
  t.true(report.includes(`\n${again.reportTokens}\n`), 'word report');
  t.regex(report, /^Best epoch: 1 of 2, by micro-averaged F1 of entities$/m);
  t.true(report.includes(`Training loss: ${best?.lossTr.toFixed(4)} per labelled word`));
  t.true(report.includes(`Validation loss: ${best?.lossVal.toFixed(4)} per labelled word`));
  t.regex(
    report,
    /^Scored: \d+ words of 12 sentences; a single window a sentence would have lost 0 of them/m,
  );

  const card = await readFile(join(outputDir, 'README.md'), 'utf8');
  const [, precision, recall] = /^ *cell +(\S+) +(\S+)/m.exec(again.reportEntities) ?? [];
  for (const text of [
    '| sentences | 48 | 12 |',
    `| cell | ${precision} | ${recall} |`,
    '(1 of 2)',
    '| optimizer | Adam ',
    '| sentences of a micro-batch | 4 |',
  ]) {
    t.true(card.includes(text), text);
  }
  const words = sentences(12, 48).flatMap(({ labels }) => labels);
  t.regex(card, new RegExp(`^\\| O \\| \\d+ \\| ${words.filter(label => label === 'O').length} \\|$`, 'm'));

  const curves = await readFile(join(outputDir, 'error_curves.svg'), 'utf8');
  t.true(curves.includes('best epoch'));
});

test('without validation data the last epoch is saved, and there are no scores to report', async t => {
  const outputDir = await temporaryFolder(t);
  await using model = await smallModel();
  const trainer = trainerOf(model, { outputDir, saveBest: true, report: true, nEpochs: 2 });
  const events = await eventsOf(trainer, { dataloaderTrain: loaderOf(model, sentences(8)) });
  t.deepEqual(only(events, 'checkpoint'), [{ type: 'checkpoint', epoch: 2, dir: outputDir }]);
  t.deepEqual((await readdir(outputDir)).sort(), [...checkpointFiles, 'history.jsonl', 'report.json'].sort());
  await using saved = await BertForTokenClassification.fromPretrained(outputDir, { device: 'cpu' });
  t.deepEqual(
    await saved.session.readParameter('classifier.weight'),
    await model.session.readParameter('classifier.weight'),
  );
});

test('the parts are written one by one as asked', async t => {
  const folder = await temporaryFolder(t);
  await using model = await smallModel();
  const loader = loaderOf(model, sentences(8));
  const data = { dataloaderTrain: loader, dataloaderVal: loader };
  const parts = [
    { option: { report: true }, files: reportFiles },
    { option: { report: true, history: false }, files: ['classification_report.txt', 'report.json'] },
    { option: { history: true }, files: ['history.jsonl'] },
    { option: { tensorboard: true }, files: ['tensorboard'] },
    { option: { figures: true }, files: figureFiles },
    { option: { saveBest: true }, files: checkpointFiles },
  ];
  for (const { option, files } of parts) {
    const outputDir = join(folder, JSON.stringify(option));
    await trainerOf(model, { outputDir, ...option }).train(data);
    t.deepEqual((await readdir(outputDir)).sort(), files);
  }
});

test('a folder that cannot be written to is refused before training', async t => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await using model = await smallModel();
  const before = await model.session.readParameter('classifier.weight');
  const data = { dataloaderTrain: loaderOf(model, sentences(8)) };
  for (const option of ['saveBest', 'report', 'history', 'tensorboard', 'figures']) {
    const run = trainerOf(model, { outputDir: join(file, 'run'), [option]: true }).run(data);
    await t.throwsAsync(run.next(), { instanceOf: NerbertError, code: 'ERR_IO', message: /is a file/ });
  }
  t.deepEqual(await model.session.readParameter('classifier.weight'), before);
});
