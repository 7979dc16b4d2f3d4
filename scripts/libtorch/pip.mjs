// @ts-check
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { codeOf, diskFull, InstallError, say } from '../failure.mjs';
import { folderSize, Progress } from './progress.mjs';
import { destinationOf, nvidiaRequirements } from './selection.mjs';
import { listZip, unpackZip } from './zip.mjs';

/** Wheels of torch for a Python that surely has them; nothing of Python's is taken, so any will do. */
const ANY_PYTHON = [
  '--only-binary=:all:',
  '--python-version=3.12',
  `--platform=manylinux_2_28_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`,
];

/**
 * Fetches torch's wheel with pip, of a CUDA build NVIDIA's libraries too, and unpacks what is needed.
 * @param {object} options
 * @param {string} options.version
 * @param {string | undefined} options.index address of a package index; undefined: as pip is configured
 * @param {boolean} options.driver whether this machine has NVIDIA's driver
 * @param {string} options.staging folder for everything that is temporary
 * @param {string} options.tree folder to fill
 * @returns {Promise<{ source: string, cpuPart: boolean }>}
 * @throws {InstallError} in pip's words
 */
export async function fetchWheels({ version, index, driver, staging, tree }) {
  say(
    `fetching torch ${version} with python3 -m pip, from ${index ?? 'the index that pip is configured with'}`,
  );
  const [wheel] = await download([`torch==${version}`], {
    index,
    folder: join(staging, 'torch-wheel'),
    noDeps: true,
  });
  if (wheel === undefined) throw new InstallError('pip downloaded no wheel of torch', []);
  const entries = listZip(wheel);
  const cuda = entries.some(entry => entry.name === 'torch/lib/libtorch_cuda.so');
  const cpuPart = cuda && !driver;
  /** @param {string} name */
  const destination = name => destinationOf(name, cpuPart);
  if (cuda)
    say(
      driver
        ? "this is a CUDA build, and there is an NVIDIA driver: NVIDIA's libraries are fetched too (2 to 3 GB)"
        : 'this is a CUDA build, but there is no NVIDIA driver: only what the CPU needs is kept, with the CUDA runtime and CUPTI (13 MB)',
    );
  await unpackZip(wheel, entries, tree, destination);
  if (cuda) {
    const requirements = nvidiaRequirements(readMetadata(tree), cpuPart);
    const wheels = await download(requirements, {
      index,
      folder: join(staging, 'nvidia-wheels'),
      noDeps: false,
    });
    for (const needed of ['nvidia_cuda_runtime', 'nvidia_cuda_cupti']) {
      if (!wheels.some(file => file.includes(needed)))
        throw new InstallError(`${needed}, which libtorch_cpu needs, is not among what pip fetched`, []);
    }
    for (const nvidia of wheels) await unpackZip(nvidia, listZip(nvidia), tree, destination);
  }
  return { source: wheel.slice(dirname(wheel).length + 1), cpuPart };
}

/** @param {string} tree */
function readMetadata(tree) {
  const info = readdirSync(tree).find(name => /^torch-.*\.dist-info$/.test(name)) ?? '';
  return readFileSync(join(tree, info, 'METADATA'), 'utf8');
}

/**
 * Runs `pip download` and returns the wheels' paths. Where this Python has no wheel of that version, those of another are taken.
 * @param {string[]} requirements
 * @param {{ index: string | undefined, folder: string, noDeps: boolean }} options
 */
async function download(requirements, { index, folder, noDeps }) {
  const args = ['-m', 'pip', 'download', '--progress-bar=off', '--dest', folder];
  if (noDeps) args.push('--no-deps');
  if (index) args.push('--index-url', index);
  mkdirSync(folder);
  let failure = await runPip([...args, ...requirements], folder);
  if (failure !== undefined && /No matching distribution|requires a different Python/i.test(failure))
    failure = await runPip([...args, ...ANY_PYTHON, ...requirements], folder);
  if (failure !== undefined)
    throw new InstallError(`pip could not fetch ${requirements.join(', ')}: ${failure}`, []);
  return readdirSync(folder)
    .filter(name => name.endsWith('.whl'))
    .map(name => join(folder, name));
}

/**
 * Ends a process with those that it started: python3 may be a wrapper that passes no signal on (pyenv's is one).
 * @param {import('node:child_process').ChildProcess} head of a process group
 */
function killGroup({ pid }) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // it has ended
  }
}

/**
 * Runs pip with its temporary files in the staging folder (/tmp may be small), passing on its warnings and the size that it
 * names before a download, and telling the progress.
 * @param {string[]} args
 * @param {string} folder
 * @returns {Promise<string | undefined>} pip's words if it failed
 */
async function runPip(args, folder) {
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const pip = spawn('python3', args, {
    env: { ...process.env, TMPDIR: temporary, PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // the head of a process group of its own
  });
  // An interrupted install ends pip before the staging folder is removed; left alone, pip would make it again.
  const kill = () => killGroup(pip);
  process.prependOnceListener('exit', kill);
  /** @type {string[]} */
  const errors = [];
  createInterface(pip.stderr).on('line', line => {
    errors.push(line);
    console.error(line);
  });
  /** @type {Progress | undefined} */
  let progress;
  let before = 0;
  createInterface(pip.stdout).on('line', line => {
    if (!/^\s*(Downloading|Processing|Using cached) .*\.whl( |$)/.test(line)) return;
    say(line.trim());
    progress?.end();
    const [, size, unit] = /^\s*Downloading .*\(([\d.]+) (MB|GB)\)/.exec(line) ?? [];
    progress = size ? new Progress(Number(size) * (unit === 'GB' ? 1e9 : 1e6)) : undefined;
    before = folderSize(folder);
  });
  const timer = setInterval(() => progress?.update(folderSize(folder) - before), 500);
  const status = await new Promise(resolve => pip.on('close', resolve).on('error', resolve));
  clearInterval(timer);
  progress?.end();
  process.off('exit', kill);
  if (status === 0) return undefined;
  if (errors.some(line => /Errno 28|No space left on device/.test(line)))
    throw diskFull(new Error(errors.at(-1)), folder);
  const told = errors.filter(line => /^ERROR: (?!Exception)/.test(line));
  return (told.length > 0 ? told : errors.slice(-1)).join('\n') || `it ended with ${status}`;
}
