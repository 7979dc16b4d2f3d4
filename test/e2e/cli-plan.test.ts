import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { checkpoint } from '../support/checkpoints.ts';
import { corpusFolder, runCli, runFlags } from '../support/cli.ts';

test.serial('--plan says what a run would do and how long it would take, and writes nothing', async t => {
  const cwd = await corpusFolder(t);
  const before = await readdir(cwd);
  const { code, stdout, stderr } = await runCli(['train', ...runFlags, '--plan'], { cwd });
  t.deepEqual([code, stderr], [0, '']);
  t.regex(stdout, /\nsentences +40 +12\n[\s\S]*\nwords +\d+ +\d+\npieces of a sentence, median +\d+ +\d+\n/);
  t.regex(stdout, /\nSteps: 12, 2 an epoch \(4 x 8 sentences a step\)\nMemory: about \d+ MB: /);
  t.regex(stdout, /\nTime: about \d+ s an epoch, \d+ s in all \(6 epochs\)\n/);
  t.false(/loss/.test(stdout), 'nothing was trained');
  t.deepEqual(await readdir(cwd), before);
});

test.serial('--plan --json gives the plan as one event', async t => {
  const cwd = await corpusFolder(t);
  const { code, stdout } = await runCli(['train', ...runFlags, '--plan', '--json'], { cwd });
  t.is(code, 0);
  const { type, plan, time } = JSON.parse(stdout);
  t.deepEqual([type, plan.steps, plan.training.tags['B-protein'] > 0], ['plan', 12, true]);
  t.true(time.seconds > 0);
});

test.serial('a plan that cannot fit into the memory is refused before the weights are read', async t => {
  const cwd = await corpusFolder(t);
  const source = checkpoint('tc-safetensors');
  const model = join(cwd, 'huge');
  await mkdir(model);
  for (const file of ['vocab.txt', 'tokenizer_config.json'])
    await copyFile(join(source, file), join(model, file));
  const config = JSON.parse(await readFile(join(source, 'config.json'), 'utf8'));
  const huge = {
    hidden_size: 4096,
    intermediate_size: 16384,
    num_hidden_layers: 40,
    num_attention_heads: 64,
  };
  await writeFile(join(model, 'config.json'), JSON.stringify({ ...config, ...huge }));
  if (freemem() > 120e9) {
    t.log('skipped: this machine has room for it');
    return t.pass();
  }
  const args = ['train', ...runFlags, '--model', model, '--device', 'cpu', '--output-dir', 'run'];
  const { code, stderr } = await runCli(args, { cwd });
  t.is(code, 2);
  t.regex(stderr, /Expected a plan that fits into .* of memory .*about 1\d\d\.\d GB.*Use a smaller model/);
  t.false((await readdir(cwd)).includes('run'));
});
