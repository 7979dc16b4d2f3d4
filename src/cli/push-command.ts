import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { checkBoolean, checkString } from '../check.ts';
import { readConfig } from '../checkpoint/config.ts';
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { OptionError } from '../errors.ts';
import { formatBytes } from '../hub/format-bytes.ts';
import { checkRevision, isRepoName } from '../hub/names.ts';
import { inspectTarget, type PushEvent, type PushTarget, push } from '../hub/push.ts';
import { type HubSettings, hubSettings } from '../hub/settings.ts';
import { chooseUploads, modelCard, type UploadFile } from '../hub/upload-files.ts';
import { addFlags, givenOptions, type OptionSpec } from './command-options.ts';
import { interruptible } from './interruption.ts';
import { shownPath } from './paths.ts';

/** Options of `push`. */
interface PushOptions {
  model?: string;
  repo?: string;
  private: boolean;
  revision: string;
  message: string;
  yes: boolean;
}

const defaults: PushOptions = {
  private: false,
  revision: 'main',
  message: 'Upload a model with nerbert',
  yes: false,
};

const specs: readonly OptionSpec<PushOptions>[] = [
  {
    name: 'model',
    value: 'DIR',
    description: 'folder of the checkpoint, such as that of a run',
    check: checkString,
  },
  {
    name: 'repo',
    value: 'OWNER/NAME',
    description: 'the model on the hub; made where it is missing',
    check: checkRepo,
  },
  { name: 'private', description: 'make a new model private (default: public)', check: checkBoolean },
  { name: 'revision', value: 'BRANCH', description: 'branch to commit to', check: checkRevision },
  { name: 'message', value: 'TEXT', description: 'title of the commit', check: checkString },
  { name: 'yes', description: 'send without asking', check: checkBoolean },
];

const examples = `
The access token is taken from HF_TOKEN, or as \`hf auth login\` stored it.

Example:
  nerbert push --model runs/scibert --repo owner/name --private`;

/** Adds `nerbert push`: shows what would go where, asks, and publishes it. */
export function addPushCommand(program: Command): void {
  const command = program
    .command('push')
    .description(
      'Publish a checkpoint with its model card on the Hugging Face hub: model, tokenizer, report and curves, and ' +
        'nothing else of its folder.',
    )
    .addHelpText('after', examples);
  addFlags(command, specs, defaults);
  command.action(async (flags: Record<string, unknown>) => {
    const options = { ...defaults, ...(await givenOptions(flags, specs)) };
    await interruptible(signal => run(options, signal));
  });
}

async function run(options: PushOptions, signal: AbortSignal): Promise<void> {
  const folder = required('--model', 'the folder of a checkpoint', options.model);
  const repo = required('--repo', 'owner/name', options.repo);
  await readConfig(folder);
  await readCheckpoint(folder);
  const { files, left } = await chooseUploads(folder);
  const settings = { ...(await hubSettings({ revision: options.revision })), signal };
  const target = await inspectTarget(repo, settings);
  if (options.private && target.model === 'public') {
    const remedy = 'Make it private in its settings on the hub first, or leave out --private';
    throw new OptionError('--private', 'a new or a private model', `${repo}, which is public`, remedy);
  }

  say(describePlan(target, files, left, options, settings));
  if (!options.yes && !(await confirmed(signal))) return say('Nothing was sent.');
  const { message: title, private: hidden } = options;
  const address = await push(target, files, { title, private: hidden }, settings, tell(files));
  const revision = target.branch === 'main' ? '' : `, revision: '${target.branch}'`;
  say(`\nSent: ${address}\n\nNext, to use it: pipeline('ner', { model: '${repo}'${revision} })`);
}

function describePlan(
  { repo, branch, model, branchExists }: PushTarget,
  files: readonly UploadFile[],
  left: readonly string[],
  options: PushOptions,
  { endpoint }: HubSettings,
): string {
  const made = `a new, ${options.private ? 'private' : 'public'} model`;
  const width = Math.max(...files.map(({ name }) => name.length));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const lines = [
    `From: ${shownPath(options.model ?? '')}`,
    `To:   ${endpoint}/${repo}, ${model === 'new' ? made : `which is ${model}`}; branch ${branch}${branchExists ? '' : ', which is made'}`,
    ...files.map(({ name, size }) => `  ${name.padEnd(width)}  ${formatBytes(size)}`),
    `${files.length} files, ${formatBytes(total)}`,
  ];
  if (left.length > 0) lines.push(`Not sent: ${left.join(', ')}`);
  if (!files.some(({ name }) => name === modelCard)) {
    lines.push(`There is no model card (${modelCard}): others will not know what the model was trained on.`);
  }
  return `${lines.join('\n')}\n`;
}

/** @throws OptionError where nobody can be asked */
async function confirmed(signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new OptionError('--yes', 'the flag, because there is no terminal to ask on,', undefined);
  }
  // Without its own terminal mode Ctrl-C stays a signal.
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
  try {
    const closed = new Promise<string>(resolve => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([terminal.question('Send them? [y/N] ', { signal }), closed]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}

/** Tells of large files what becomes of them, each thing once. */
function tell(files: readonly UploadFile[]): (event: PushEvent) => void {
  const told = new Set<string>();
  return event => {
    const line = describeEvent(event, files);
    if (line !== undefined && !told.has(line)) process.stderr.write(`${line}\n`);
    if (line !== undefined) told.add(line);
  };
}

function describeEvent(event: PushEvent, files: readonly UploadFile[]): string | undefined {
  if (event.type === 'committing') return 'committing';
  const size = formatBytes(files.find(({ name }) => name === event.file)?.size ?? 0);
  if (event.type === 'hashing') return `computing the checksum of ${event.file}`;
  return event.type === 'sending' ? `sending ${event.file}, ${size}` : undefined;
}

function required(flag: string, what: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new OptionError(flag, what, undefined);
}

function checkRepo(option: string, value: unknown): string {
  if (typeof value === 'string' && value.includes('/') && isRepoName(value)) return value;
  throw new OptionError(option, 'the name of a model on the hub, owner/name,', value);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
