import { describeJson } from './json.ts';
import { PickleBytes, PickleError } from './pickle-bytes.ts';

// The format: Lib/pickletools.py of CPython describes every opcode. Supported is what torch.save writes with protocols
// 2 to 5; of protocol 0 so much that the names of a hostile file are met. Nothing is ever run but the functions of `globals`, and nothing recurses: values may be nested and shared in
// any way.

/** A Python name that a pickle may use; with `call`, what calling it gives. */
export class PickleGlobal {
  readonly name: string;
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

export interface PickleHost {
  /** The allow-list, by qualified name. */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for; absent: there are none. */
  persistentLoad?: (id: unknown) => unknown;
}

/**
 * Bounds on what a hostile pickle can make us allocate, well below 64 MB. A state dict takes about 40 instructions and
 * 7 containers a tensor.
 */
const maxInstructions = 250_000;
const maxContainers = 100_000;

const highestProtocol = 5;

/**
 * Reads the pickle that begins at `start`. Tuples and lists become arrays, dicts become maps, None becomes null.
 *
 * @returns its value and the position behind it
 * @throws PickleError
 */
export function unpickle(bytes: Buffer, start: number, host: PickleHost): { value: unknown; end: number } {
  const machine = new PickleMachine(new PickleBytes(bytes, start), host);
  const value = machine.run();
  return { value, end: machine.bytes.position };
}

class PickleMachine {
  readonly bytes: PickleBytes;
  readonly host: PickleHost;
  readonly memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  /** Lengths of the stack at the open marks. */
  readonly #marks: number[] = [];
  #containers = 0;

  constructor(bytes: PickleBytes, host: PickleHost) {
    this.bytes = bytes;
    this.host = host;
  }

  run(): unknown {
    for (let instructions = 0; instructions < maxInstructions; instructions++) {
      const opcode = this.bytes.uint8();
      if (opcode === stop) return this.pop();
      const execute = opcodes.get(opcode);
      if (!execute) {
        throw new PickleError(
          `the pickle has the opcode 0x${opcode.toString(16)} at byte ${this.bytes.position - 1}, which no state dict needs`,
        );
      }
      execute(this);
    }
    throw new PickleError(`the pickle has more than ${maxInstructions} instructions`);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  /** Pushes a new array or map. */
  pushContainer(container: unknown): void {
    if (++this.#containers > maxContainers) {
      throw new PickleError(`the pickle has more than ${maxContainers} lists, tuples and dicts`);
    }
    this.push(container);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw new PickleError('the stack of the pickle is empty');
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  popTuple(length: number): unknown[] {
    return Array.from({ length }, () => this.pop()).reverse();
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new PickleError('the pickle closes a mark that it did not set');
    return this.#stack.splice(mark);
  }

  recall(index: number): void {
    if (!this.memo.has(index))
      throw new PickleError(`the pickle recalls the value ${index}, which it did not store`);
    this.push(this.memo.get(index));
  }

  pushGlobal(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new PickleError('the pickle names something that is no string');
    }
    const qualified = `${module}.${name}`;
    const global = this.host.globals.get(qualified);
    if (!global) {
      throw new PickleError(
        `the pickle names ${describeJson(qualified)}, which is none of the names that the tensors of a BERT model need. Nothing was run. Get the model as safetensors, or save its state dict alone`,
      );
    }
    this.push(global);
  }

  /** Opcode INST: names a class and calls it at once. */
  instantiate(): void {
    this.pushGlobal(this.bytes.line(), this.bytes.line());
    throw new PickleError('the pickle has the opcode INST, which no state dict needs');
  }

  /** Opcode REDUCE: calls an allowed function. */
  reduce(): void {
    const args = this.pop();
    const global = this.pop();
    if (!(global instanceof PickleGlobal) || !global.call || !Array.isArray(args)) {
      throw new PickleError('the pickle calls something that is no function');
    }
    this.pushContainer(global.call(args));
  }

  /** Opcode BUILD: the attributes of an OrderedDict, such as `_metadata`, are not needed. */
  build(): void {
    const state = this.pop();
    if (!(this.top() instanceof Map) || !(state instanceof Map)) {
      throw new PickleError('the pickle sets attributes of something that is no OrderedDict');
    }
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) {
      throw new PickleError('the pickle sets items of something that is no dict');
    }
    for (let index = 0; index < items.length; index += 2) dict.set(items[index], items[index + 1]);
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new PickleError('the pickle appends to something that is no list');
    for (const item of items) list.push(item);
  }

  persistentLoad(): void {
    const id = this.pop();
    if (!this.host.persistentLoad) throw new PickleError('the pickle has a persistent id out of place');
    this.push(this.host.persistentLoad(id));
  }
}

const stop = '.'.charCodeAt(0);

type Opcode = (machine: PickleMachine) => void;

const opcodes = new Map<number, Opcode>([
  ...named({
    '(': machine => machine.mark(),
    ')': machine => machine.pushContainer([]),
    t: machine => machine.pushContainer(machine.popToMark()),
    ']': machine => machine.pushContainer([]),
    a: machine => machine.append(machine.popTuple(1)),
    e: machine => machine.append(machine.popToMark()),
    '}': machine => machine.pushContainer(new Map()),
    s: machine => machine.setItems(machine.popTuple(2)),
    u: machine => machine.setItems(machine.popToMark()),
    N: machine => machine.push(null),
    K: machine => machine.push(machine.bytes.uint8()),
    M: machine => machine.push(machine.bytes.uint16()),
    J: machine => machine.push(machine.bytes.int32()),
    G: machine => machine.push(machine.bytes.float64()),
    U: machine => machine.push(machine.bytes.text(machine.bytes.uint8())),
    T: machine => machine.push(machine.bytes.text(machine.bytes.uint32())),
    X: machine => machine.push(machine.bytes.text(machine.bytes.uint32())),
    q: machine => machine.memo.set(machine.bytes.uint8(), machine.top()),
    r: machine => machine.memo.set(machine.bytes.uint32(), machine.top()),
    h: machine => machine.recall(machine.bytes.uint8()),
    j: machine => machine.recall(machine.bytes.uint32()),
    c: machine => machine.pushGlobal(machine.bytes.line(), machine.bytes.line()),
    i: machine => machine.instantiate(),
    S: machine => machine.push(machine.bytes.line()),
    V: machine => machine.push(machine.bytes.line()),
    R: machine => machine.reduce(),
    b: machine => machine.build(),
    Q: machine => machine.persistentLoad(),
  }),
  [0x80, machine => checkProtocol(machine.bytes.uint8())],
  [0x85, machine => machine.pushContainer(machine.popTuple(1))],
  [0x86, machine => machine.pushContainer(machine.popTuple(2))],
  [0x87, machine => machine.pushContainer(machine.popTuple(3))],
  [0x88, machine => machine.push(true)],
  [0x89, machine => machine.push(false)],
  [0x8a, machine => machine.push(machine.bytes.integer(machine.bytes.uint8()))],
  [0x8c, machine => machine.push(machine.bytes.text(machine.bytes.uint8()))],
  [
    0x93,
    machine => {
      const [module, name] = machine.popTuple(2);
      machine.pushGlobal(module, name);
    },
  ],
  [0x94, machine => machine.memo.set(machine.memo.size, machine.top())],
  // A frame says how much to read ahead; the bytes are at hand anyway.
  [0x95, machine => machine.bytes.take(8)],
]);

function named(table: Record<string, Opcode>): [number, Opcode][] {
  return Object.entries(table).map(([character, execute]) => [character.charCodeAt(0), execute]);
}

function checkProtocol(protocol: number): void {
  if (protocol > highestProtocol) throw new PickleError(`the pickle has protocol ${protocol}`);
}
