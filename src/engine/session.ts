import type { PackedBatch } from '../batch.ts';
import { DisposedError, NativeError, type NativeErrorCode } from '../errors.ts';
import type {
  AdamOptions,
  DropoutRates,
  EngineOptions,
  ForwardResult,
  LabelPredictions,
  MomentLocations,
  NativeSession,
  Parameter,
  StepRequest,
  StepResult,
  TensorLocation,
} from './addon.ts';
import { checkMatrixPath, resolveMatrixPath, usesFusedKernels } from './matrix-path.ts';
import { loadNative } from './native.ts';

/** What a model decides about its engine; the rest is the machine's. */
export type ModelEngineOptions = Omit<EngineOptions, 'matrixPath' | 'fused'>;

/** An optimizer's state in the engine. */
export interface OptimizerHandle {
  readonly id: number;
  /** Rejects where the state could not be made. */
  readonly ready: Promise<void>;
}

/** A copy of the parameters in the engine, with an optimizer's state where one was given. */
export interface SnapshotHandle {
  readonly id: number;
  readonly optimizer: OptimizerHandle | undefined;
  /** Rejects where the copy could not be made. */
  readonly ready: Promise<void>;
}

/**
 * A model in the native engine: parameters, gradients and optimizer states on one device. Calls run one after another
 * in the order in which they were made; their arguments are copied at once. Every method throws a DisposedError after
 * `dispose()`, and a NativeError where the native side fails.
 */
export class EngineSession {
  readonly #native: NativeSession;
  #disposal: Promise<void> | undefined;
  #optimizers = 0;
  #snapshots = 0;
  readonly #liveOptimizers = new WeakSet<OptimizerHandle>();

  #matrixPath: string;

  private constructor(native: NativeSession, matrixPath: string) {
    this.#native = native;
    this.#matrixPath = matrixPath;
  }

  /** Makes an engine whose parameters are zero. */
  static async open(options: ModelEngineOptions): Promise<EngineSession> {
    const matrixPath = await settled(resolveMatrixPath(options.device));
    const native = new (loadNative().Session)({ ...options, matrixPath, fused: usesFusedKernels() });
    await settled(native.open());
    return new EngineSession(native, matrixPath);
  }

  /** The libraries that multiply float32 matrices: the last digits of results depend on them. */
  get matrixPath(): string {
    return this.#matrixPath;
  }

  /** Multiplies with other libraries from now on, those of a run that is to be continued. @throws OptionError */
  async setMatrixPath(path: string): Promise<void> {
    await settled(this.#live().setMatrixPath(checkMatrixPath('matrixPath', path)));
    this.#matrixPath = path;
  }

  /** Names and shapes of the parameters, in the order of transformers. */
  parameters(): Parameter[] {
    return this.#live().parameters();
  }

  async load(locations: TensorLocation[]): Promise<void> {
    await settled(this.#live().load(locations));
  }

  /** Weights normal with mean 0, biases 0, LayerNorm weights 1, drawn from the seed of the engine. */
  async initialise(names: string[], standardDeviation: number): Promise<void> {
    await settled(this.#live().initialise(names, standardDeviation));
  }

  /** Writes parameters as float32 into files that exist. */
  async save(locations: TensorLocation[]): Promise<void> {
    await settled(this.#live().save(locations));
  }

  async forward(batch: PackedBatch, withHiddenStates = false): Promise<ForwardResult> {
    return settled(this.#live().forward(batch, withHiddenStates));
  }

  /** The last layer is computed at the labelled pieces alone. */
  async predictLabelled(batch: PackedBatch): Promise<LabelPredictions> {
    return settled(this.#live().predictLabelled(batch));
  }

  createOptimizer(options: AdamOptions): OptimizerHandle {
    const id = this.#optimizers++;
    const ready = settled(this.#live().createOptimizer(id, options));
    ready.catch(() => {}); // told by the first step that needs it
    const handle = { id, ready };
    this.#liveOptimizers.add(handle);
    return handle;
  }

  /** Whether an optimizer belongs to this engine and was not dropped. */
  hasOptimizer(handle: OptimizerHandle): boolean {
    return this.#liveOptimizers.has(handle);
  }

  /** Frees an optimizer's state. Idempotent; nothing happens after `dispose()`. */
  async dropOptimizer(handle: OptimizerHandle): Promise<void> {
    if (this.#liveOptimizers.delete(handle) && !this.#disposal) {
      await settled(this.#native.dropOptimizer(handle.id));
    }
  }

  /** Writes an optimizer's moments as float32 into files that exist. @returns the updates that it has made */
  async saveOptimizer(handle: OptimizerHandle, locations: MomentLocations): Promise<number> {
    return settled(this.#live().saveOptimizer(handle.id, locations));
  }

  /** Takes over moments, and the number of updates that led to them. */
  async loadOptimizer(handle: OptimizerHandle, locations: MomentLocations, updates: number): Promise<void> {
    await settled(this.#live().loadOptimizer(handle.id, locations, updates));
  }

  async trainStep(request: StepRequest): Promise<StepResult> {
    return settled(this.#live().trainStep(request));
  }

  /** Sets the dropout of the training steps that follow. */
  async setDropout(rates: DropoutRates): Promise<void> {
    await settled(this.#live().setDropout(rates));
  }

  /** Copies the parameters, and an optimizer's state, as they are behind the calls made before. */
  takeSnapshot(optimizer?: OptimizerHandle): SnapshotHandle {
    const id = this.#snapshots++;
    const ready = settled(this.#live().takeSnapshot(id, optimizer?.id));
    ready.catch(() => {}); // told by the first restoring
    return { id, optimizer, ready };
  }

  /** Puts back what a snapshot holds, bit for bit. @throws DisposedError if its optimizer was disposed */
  async restoreSnapshot({ id, optimizer, ready }: SnapshotHandle): Promise<void> {
    const native = this.#live();
    if (optimizer && !this.hasOptimizer(optimizer)) throw new DisposedError('optimizer');
    const restored = settled(native.restoreSnapshot(id));
    restored.catch(() => {}); // a copy that failed tells first, and better
    await ready;
    await restored;
  }

  /** Frees a snapshot. Idempotent; nothing happens after `dispose()`. */
  async dropSnapshot({ id }: SnapshotHandle): Promise<void> {
    if (!this.#disposal) await settled(this.#native.dropSnapshot(id));
  }

  async readParameter(name: string): Promise<Float32Array> {
    return settled(this.#live().readParameter(name));
  }

  /** A gradient as the last step left it, clipped if that clipped. */
  async readGradient(name: string): Promise<Float32Array> {
    return settled(this.#live().readGradient(name));
  }

  /** Frees the engine behind the work that is queued. Idempotent. */
  dispose(): Promise<void> {
    this.#disposal ??= settled(this.#native.dispose());
    return this.#disposal;
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  #live(): NativeSession {
    if (this.#disposal) throw new DisposedError('model');
    return this.#native;
  }
}

/** Turns what the addon rejects with into errors of nerbert; awaited here, they carry the caller's stack. */
async function settled<Result>(job: Promise<Result>): Promise<Result> {
  try {
    return await job;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === 'ERR_DISPOSED') throw new DisposedError('model');
    throw new NativeError((code ?? 'ERR_TORCH') as NativeErrorCode, message, { cause });
  }
}
