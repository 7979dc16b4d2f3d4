import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { CheckpointError, DisposedError, NerbertError, OptionError } from '../../src/errors.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { checkpoint, goldenIndex, sha256OfRange } from '../support/checkpoints.ts';
import { parametersOf } from '../support/model-values.ts';
import { largestDifference } from '../support/numbers.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { microBatches, tinyModel } from '../support/train-golden.ts';

test('a saved model is read back bit for bit, by us and by others', async t => {
  const folder = await temporaryFolder(t);
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  await model.trainStep(microBatches[0], { optimizer });
  await model.savePretrained(folder);
  await using again = await BertForTokenClassification.fromPretrained(folder);
  const values = await parametersOf(model);
  t.deepEqual(await parametersOf(again), values);
  t.deepEqual(again.config, model.config);
  t.is(again.loadingReport, model.loadingReport.replaceAll(tinyModel, folder));

  const tensors = readSafetensors(join(folder, 'model.safetensors'));
  t.deepEqual(Object.keys(tensors).sort(), [...values.keys()].sort());
  for (const { name, shape } of model.parameters()) {
    t.deepEqual(tensors[name]?.shape, shape, name);
    t.deepEqual(float32(tensors, name), values.get(name), name);
  }
});

test('an untrained model is saved with the bytes that it was loaded from', async t => {
  const folder = await temporaryFolder(t);
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  await model.savePretrained(folder);
  const file = join(folder, 'model.safetensors');
  const bytes = await readFile(file);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, headerEnd));
  for (const { name, sha256 } of goldenIndex.variants['tc-safetensors']?.tensors ?? []) {
    const [begin, end] = header[name].data_offsets;
    t.is(sha256OfRange(file, headerEnd + begin, end - begin), sha256, name);
  }
});

test('config.json keeps the labels and what nerbert does not read', async t => {
  const folder = await temporaryFolder(t);
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  await model.savePretrained(folder);
  const before = JSON.parse(await readFile(join(tinyModel, 'config.json'), 'utf8'));
  const after = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  t.deepEqual(after.id2label, before.id2label);
  t.deepEqual(after.label2id, before.label2id);
  for (const [key, value] of Object.entries(before)) t.deepEqual(after[key], value, key);
});

test('saving into the folder of the checkpoint replaces its files and leaves nothing beside them', async t => {
  const folder = await temporaryFolder(t);
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  await model.savePretrained(folder);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-2 });
  await model.trainStep(microBatches[0], { optimizer });
  await model.savePretrained(folder);
  t.deepEqual((await readdir(folder)).sort(), ['README.md', 'config.json', 'model.safetensors']);
  const name = 'classifier.weight';
  const saved = float32(readSafetensors(join(folder, 'model.safetensors')), name);
  t.deepEqual(saved, await model.session.readParameter(name));
  t.true(
    largestDifference(saved, float32(readSafetensors(join(tinyModel, 'model.safetensors')), name)) > 1e-3,
  );
});

test('a model saved between steps that nobody awaits is whole: the parameters of one moment', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-2 });
  const moments = [await parametersOf(model)];
  const folder = await temporaryFolder(t);
  const jobs: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++) {
    jobs.push(model.trainStep(microBatches[0], { optimizer }));
    if (i === 2) jobs.push(model.savePretrained(folder));
    jobs.push(parametersOf(model).then(moment => moments.push(moment)));
  }
  await Promise.all(jobs);
  const saved = readSafetensors(join(folder, 'model.safetensors'));
  const isSaved = (moment: Map<string, Float32Array>) =>
    [...moment].every(([name, value]) => largestDifference(value, float32(saved, name)) === 0);
  t.is(moments.filter(isSaved).length, 1);
});

test('a disposal that overtakes the saving leaves the former files whole', async t => {
  const folder = await temporaryFolder(t);
  const model = await BertForTokenClassification.fromPretrained(tinyModel);
  await model.savePretrained(folder);
  await t.throwsAsync(model.savePretrained(''), {
    instanceOf: OptionError,
    message: /for dir but received ""/,
  });
  const before = await readFile(join(folder, 'model.safetensors'));
  const saving = model.savePretrained(folder);
  await Promise.all([t.throwsAsync(saving, { instanceOf: DisposedError }), model.dispose()]);
  t.deepEqual((await readdir(folder)).sort(), ['README.md', 'config.json', 'model.safetensors']);
  t.deepEqual(await readFile(join(folder, 'model.safetensors')), before);
});

for (const variant of ['zip-bin', 'legacy-bin', 'gamma-beta', 'no-prefix', 'sharded-safetensors']) {
  test(`${variant} fills the same parameters as the safetensors file`, async t => {
    const missing = goldenIndex.variants[variant]?.missing ?? [];
    await using model = await BertForTokenClassification.fromPretrained(checkpoint(variant), {
      id2label: goldenIndex.labels,
    });
    await using reference = await BertForTokenClassification.fromPretrained(tinyModel);
    const expected = await parametersOf(reference);
    for (const [name, values] of await parametersOf(model)) {
      if (missing.includes(name)) t.notDeepEqual(values, expected.get(name), name);
      else t.deepEqual(values, expected.get(name), name);
    }
  });
}

test('a folder that cannot be written to is refused with the reason', async t => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const refusal = { instanceOf: NerbertError, code: 'ERR_IO' };
  await t.throwsAsync(model.savePretrained(file), { ...refusal, message: /there is a file of that name/ });
  await t.throwsAsync(model.savePretrained(join(file, 'x')), {
    ...refusal,
    message: /is a file, not a folder/,
  });
});

test('what is no local folder is refused with what to do', async t => {
  const refuses = (nameOrPath: string, message: RegExp) =>
    t.throwsAsync(BertForTokenClassification.fromPretrained(nameOrPath), {
      instanceOf: CheckpointError,
      message,
    });
  await refuses('./no/such/folder', /there is none at \/.*no\/such\/folder\. Check the path/);
  await refuses(join(tinyModel, 'config.json'), /this is a file\. Give the folder that it lies in/);
  await refuses(await temporaryFolder(t), /config\.json: there is no such file/);
});
