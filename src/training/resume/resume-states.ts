import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadNative } from '../../engine/native.ts';
import { CheckpointError, NerbertError, OptionError } from '../../errors.ts';
import { makeFolder, writeFileAtomically, writeFolderAtomically } from '../../files.ts';
import { isJsonObject } from '../../json.ts';
import { type EngineState, loadTrainingState, saveTrainingState } from '../../model/training-state.ts';
import type { ResumedFrom } from '../events.ts';
import type { LoopState } from '../loop-state.ts';
import type { TrainerSettings } from '../trainer-options.ts';
import { checkSameRun, type Fingerprint } from './fingerprint.ts';
import {
  finishedFile,
  removeState,
  removeTemporaries,
  resumeFolder,
  savedSteps,
  stepFolder,
} from './state-folders.ts';
import { fromStateJson, toStateJson } from './state-json.ts';

/** Of the files; another one is not read. */
const FORMAT = 1;
const stateFile = 'state.json';

/** What is in state.json; finished.json has no `engine`. */
interface StateRecord {
  format: typeof FORMAT;
  fingerprint: Fingerprint;
  machine: Record<string, unknown>;
  loop: LoopState;
  engine?: EngineState;
}

/** The resume states of a run: complete ones alone, the newest few. */
export class ResumeStates {
  readonly #settings: TrainerSettings;
  readonly #fingerprint: Fingerprint;
  readonly #folder: string;
  /** The newest state of this run. */
  #newest: { step: number; engine: EngineState } | undefined;

  private constructor(settings: TrainerSettings, fingerprint: Fingerprint) {
    this.#settings = settings;
    this.#fingerprint = fingerprint;
    this.#folder = resumeFolder(settings.outputDir);
  }

  /**
   * The states of a new run.
   *
   * @throws OptionError if the folder holds those of another
   * @throws NerbertError `ERR_IO` if it cannot be written to
   */
  static async begin(settings: TrainerSettings, fingerprint: Fingerprint): Promise<ResumeStates> {
    const states = new ResumeStates(settings, fingerprint);
    const [step] = await savedSteps(states.#folder);
    if (step !== undefined) {
      throw new OptionError(
        'outputDir',
        'a folder without resume states of another run',
        settings.outputDir,
        `Go on with that run (resume, from step ${step}), choose another folder, or remove ${states.#folder}`,
      );
    }
    await states.#prepare();
    await rm(finishedFile(states.#folder), { force: true });
    return states;
  }

  /**
   * The states of a run that goes on, and the newest of them: model and optimizer are put back, if the run had not
   * ended.
   *
   * @throws OptionError if there is none, or an option differs from that run's
   * @throws CheckpointError for a damaged state
   */
  static async resume(
    settings: TrainerSettings,
    fingerprint: Fingerprint,
  ): Promise<{ states: ResumeStates; loop: LoopState; from: ResumedFrom }> {
    const states = new ResumeStates(settings, fingerprint);
    const [step] = await savedSteps(states.#folder);
    const dir = step === undefined ? states.#folder : stepFolder(states.#folder, step);
    const record = await states.#read(step === undefined ? finishedFile(dir) : join(dir, stateFile));
    const { loop, engine, machine } = record;
    checkSameRun(record.fingerprint, fingerprint);
    await states.#prepare();
    if (engine) {
      const { model, optimizer } = settings;
      await optimizer.handle.ready;
      await loadTrainingState(model, optimizer.handle, dir, engine);
      // Which library multiplies was measured, and might turn out otherwise now: the run keeps its own.
      if (typeof machine.matrixPath === 'string') await model.session.setMatrixPath(machine.matrixPath);
      states.#newest = { step: loop.step, engine };
    }
    const from = {
      step: loop.step,
      epoch: loop.epoch,
      evaluatedAt: loop.evaluations.at(-1)?.step,
      finished: !engine,
      notes: differences(machine, machineOf(settings)),
    };
    return { states, loop, from };
  }

  /**
   * Saves a state beside the former ones, whole or not at all, and removes the oldest beyond those to keep.
   *
   * @returns its folder
   * @throws NerbertError `ERR_IO`; the former states are whole then
   */
  async save(loop: LoopState): Promise<string> {
    const dir = stepFolder(this.#folder, loop.step);
    try {
      if (this.#newest?.step === loop.step) {
        // Parameters and moments are there already; an evaluation has been added.
        await this.#write(dir, loop, this.#newest.engine);
      } else {
        await this.#saveAll(dir, loop);
      }
    } catch (error) {
      throw error instanceof NerbertError && error.code === 'ERR_IO' ? this.#saveError(dir, error) : error;
    }
    const steps = await savedSteps(this.#folder);
    for (const step of steps.slice(this.#settings.keep)) await removeState(this.#folder, step);
    return dir;
  }

  /** Replaces the states by a note that the run has ended, for those who resume it all the same. */
  async finish(loop: LoopState): Promise<void> {
    await writeFileAtomically(finishedFile(this.#folder), toStateJson(this.#record(loop)));
    for (const step of await savedSteps(this.#folder)) await removeState(this.#folder, step);
  }

  async #saveAll(dir: string, loop: LoopState): Promise<void> {
    const { model, optimizer } = this.#settings;
    let engine: EngineState | undefined;
    await writeFolderAtomically(dir, async temporary => {
      engine = await saveTrainingState(model, optimizer.handle, temporary);
      await this.#write(temporary, loop, engine);
    });
    if (engine) this.#newest = { step: loop.step, engine };
  }

  async #write(dir: string, loop: LoopState, engine: EngineState): Promise<void> {
    await writeFileAtomically(join(dir, stateFile), toStateJson({ ...this.#record(loop), engine }));
  }

  #record(loop: LoopState): StateRecord {
    return { format: FORMAT, fingerprint: this.#fingerprint, machine: machineOf(this.#settings), loop };
  }

  async #read(path: string): Promise<StateRecord> {
    const text = await readFile(path, 'utf8').catch(cause => {
      if (cause.code !== 'ENOENT') throw cause;
      throw new OptionError(
        'outputDir',
        'the folder of a run with resume states, to resume it,',
        this.#settings.outputDir,
        `There is none in ${this.#folder}: check the path, or begin a new run`,
      );
    });
    const refuse = (problem: string, cause?: unknown) =>
      new CheckpointError(
        `${problem}. To resume from an older state, remove the folder of this one`,
        path,
        {},
        { cause },
      );
    let record: unknown;
    try {
      record = fromStateJson(text);
    } catch (cause) {
      throw refuse(`expected a resume state but it is not JSON (${(cause as Error).message})`, cause);
    }
    if (!isJsonObject(record) || record.format !== FORMAT || !isJsonObject(record.loop)) {
      throw refuse(`expected a resume state of format ${FORMAT}`);
    }
    return record as unknown as StateRecord;
  }

  /** Makes the folder and clears away what was left unfinished. */
  async #prepare(): Promise<void> {
    await makeFolder(this.#folder);
    const [newest] = await savedSteps(this.#folder);
    const folders = [this.#settings.outputDir, this.#folder];
    if (newest !== undefined) folders.push(stepFolder(this.#folder, newest));
    for (const folder of folders) await removeTemporaries(folder);
  }

  #saveError(dir: string, cause: NerbertError): NerbertError {
    const kept = this.#newest
      ? `. The state of step ${this.#newest.step} is whole: make room and resume`
      : '';
    return new NerbertError('ERR_IO', `Could not save the resume state ${dir}. ${cause.message}${kept}`, {
      cause,
    });
  }
}

/** On what the numbers are computed: elsewhere their last digits differ. */
function machineOf({ model }: TrainerSettings): Record<string, unknown> {
  const { threads, cpuCapability, libtorch } = loadNative().runtimeInfo();
  return { device: model.device, threads, cpuCapability, libtorch, matrixPath: model.session.matrixPath };
}

function differences(then: Record<string, unknown>, now: Record<string, unknown>): string[] {
  return Object.keys(now)
    .filter(name => then[name] !== now[name])
    .map(name => `${name} was ${then[name]} and is ${now[name]} now: the last digits of losses may differ`);
}
