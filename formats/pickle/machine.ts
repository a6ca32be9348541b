import type { CemiflowError } from '../../core/errors.ts';
import { type Construction, type Constructors, Inert, PickleGlobal, Stateful } from './values.ts';

export interface MachineLimits {
  /** Most values and memo entries, all together. */
  readonly maxItems: number;
  /** Most open collections at a time. */
  readonly maxDepth: number;
  /** Most bytes that constructors may allocate. */
  readonly maxBytes: number;
  /** Most bytes of text, which lies in JavaScript's heap. */
  readonly maxTextBytes: number;
}

/** The stack and the memo of a pickle: what its opcodes work on. It counts what it holds. */
export class Machine implements Construction {
  readonly refuse: (message: string) => CemiflowError;
  readonly #limits: MachineLimits;
  readonly #constructors: Constructors;
  readonly #unknown: 'refuse' | 'inert';
  readonly #memo = new Map<number, unknown>();
  readonly #outer: unknown[][] = [];
  #stack: unknown[] = [];
  #items = 0;
  #bytes = 0;
  #textBytes = 0;

  constructor(
    limits: MachineLimits,
    constructors: Constructors,
    unknown: 'refuse' | 'inert',
    refuse: (message: string) => CemiflowError,
  ) {
    this.#limits = limits;
    this.#constructors = constructors;
    this.#unknown = unknown;
    this.refuse = refuse;
  }

  countItems(items: number): void {
    this.#items += items;
    if (this.#items > this.#limits.maxItems)
      throw this.refuse(`a pickle must have at most ${this.#limits.maxItems} items`);
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxBytes)
      throw this.refuse('the bytes that a pickle makes must not exceed its size');
  }

  /** Counts text that is about to be decoded. */
  countText(bytes: number): void {
    this.#textBytes += bytes;
    const { maxTextBytes } = this.#limits;
    if (this.#textBytes > maxTextBytes) throw this.refuse(`a pickle must have at most ${maxTextBytes} bytes of text`);
  }

  push(value: unknown): void {
    this.countItems(1);
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw this.refuse('the stack is empty');
    return this.#stack.pop();
  }

  /** `count` values from the top of the stack, in the order in which they were pushed. */
  popSome(count: number): unknown[] {
    if (this.#stack.length < count) throw this.refuse('the stack is empty');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  get top(): unknown {
    if (this.#stack.length === 0) throw this.refuse('the stack is empty');
    return this.#stack.at(-1);
  }

  mark(): void {
    if (this.#outer.length >= this.#limits.maxDepth) {
      throw this.refuse(`collections must not be nested more than ${this.#limits.maxDepth} deep`);
    }
    this.countItems(1);
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  /** All values above the latest mark, which goes too. */
  popToMark(): unknown[] {
    const outer = this.#outer.pop();
    if (!outer) throw this.refuse('there is no mark');
    const values = this.#stack;
    this.#stack = outer;
    return values;
  }

  /** The value of the whole pickle. */
  finish(): unknown {
    if (this.#outer.length > 0 || this.#stack.length !== 1) throw this.refuse('a pickle must end with one value');
    return this.#stack[0];
  }

  put(index: number | bigint): void {
    if (typeof index !== 'number' || index < 0) throw this.refuse('a place in the memo must be a whole number');
    this.countItems(1);
    this.#memo.set(index, this.top);
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number | bigint): void {
    if (!this.#memo.has(index as number)) throw this.refuse(`there is no value ${index} in the memo`);
    this.push(this.#memo.get(index as number));
  }

  append(values: readonly unknown[]): void {
    const { top } = this;
    const list = top instanceof Inert ? top.items : top;
    if (Array.isArray(list)) for (const value of values) list.push(value);
    else if (list instanceof Set) for (const value of values) list.add(value);
    else throw this.refuse('a list is needed');
  }

  setItems(values: readonly unknown[]): void {
    const { top } = this;
    const dict = top instanceof Inert ? top.entries : top;
    if (!(dict instanceof Map)) throw this.refuse('a dict is needed');
    this.#fill(dict, values);
  }

  dict(values: readonly unknown[]): void {
    this.push(this.#fill(new Map(), values));
  }

  #fill(dict: Map<unknown, unknown>, values: readonly unknown[]): Map<unknown, unknown> {
    if (values.length % 2 !== 0) throw this.refuse('a dict needs a value for each key');
    for (let i = 0; i < values.length; i += 2) dict.set(values[i], values[i + 1]);
    return dict;
  }

  /** Pushes the name of a class or function. It is not looked up anywhere. */
  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.refuse('a global must be named by text');
    const key = `${module} ${name}`;
    if (this.#unknown === 'refuse' && !Object.hasOwn(this.#constructors, key)) {
      throw this.refuse(`the pickle asks for ${shown(module)}.${shown(name)}, which is not allowed`);
    }
    this.push(new PickleGlobal(key));
  }

  /** Opcodes REDUCE and NEWOBJ: data in place of a call. */
  construct(callee: unknown, args: unknown): void {
    if (!Array.isArray(args)) throw this.refuse('arguments must be a tuple');
    if (!(callee instanceof PickleGlobal || callee instanceof Inert)) throw this.refuse('only a global can be called');
    const make =
      callee instanceof PickleGlobal && Object.hasOwn(this.#constructors, callee.name)
        ? this.#constructors[callee.name]
        : undefined;
    this.push(make ? make(args, this) : new Inert(callee.name, args));
  }

  /** Opcode BUILD. Attributes of plain values, such as `_metadata` of a state dict, are dropped. */
  build(): void {
    const state = this.pop();
    const { top } = this;
    if (top instanceof Stateful) top.setState(state, this);
    else if (typeof top !== 'object' || top === null) throw this.refuse('only an object can have a state');
  }
}

/** A name from a foreign file, short and without control characters. */
const shown = (name: string): string => name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
