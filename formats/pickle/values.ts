import type { CemiflowError } from '../../core/errors.ts';

/** What a constructor may do while a pickle is read. */
export interface Construction {
  /** Makes the error of the opcode that is being read. */
  refuse(message: string): CemiflowError;
  /** Counts bytes that are about to be allocated. @throws CemiflowError where all calls together exceed the pickle's own size */
  countBytes(bytes: number): void;
  /** Counts items that are about to be copied. @throws CemiflowError over the limit of items */
  countItems(items: number): void;
}

/** Makes a value in place of the Python class or function that the pickle names. It gets inert data and may only return data. */
export type Constructor = (args: readonly unknown[], construction: Construction) => unknown;

/** Allowed constructors by `module name`, with a space between, as the opcode GLOBAL has them. */
export type Constructors = { readonly [global: string]: Constructor };

/** A value whose pickle sets its state after it has been made (opcode BUILD). */
export abstract class Stateful {
  abstract setState(state: unknown, construction: Construction): void;
}

/** The name of a Python class or function in a pickle. Nothing was looked up. */
export class PickleGlobal {
  /** `module name`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An object of a class that the reader does not know: its name, and what the pickle would have passed to it. */
export class Inert extends Stateful {
  /** `module name` of the class or function. */
  readonly name: string;
  readonly args: readonly unknown[];
  state: unknown = undefined;
  /** Of subclasses of list. */
  readonly items: unknown[] = [];
  /** Of subclasses of dict. */
  readonly entries: Map<unknown, unknown> = new Map();

  constructor(name: string, args: readonly unknown[]) {
    super();
    this.name = name;
    this.args = args;
  }

  override setState(state: unknown): void {
    this.state = state;
  }
}
