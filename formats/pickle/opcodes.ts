import type { CemiflowError } from '../../core/errors.ts';
import type { Cursor } from './cursor.ts';
import type { Machine } from './machine.ts';
import { rawUnicode, unquote, utf8 } from './text.ts';

/** What an opcode works with. */
export interface Step {
  readonly cursor: Cursor;
  readonly machine: Machine;
  readonly refuse: (message: string) => CemiflowError;
  /** A `str` of Python 2, as the caller wants it. */
  readonly oldString: (bytes: Buffer) => unknown;
  readonly persistent: (id: unknown) => unknown;
}

type Opcode = (step: Step) => void;

/** Longest name of a module or class, and longest persistent id in text. */
const maxNameBytes = 1024;

export const decodeText = ({ machine, refuse }: Step, bytes: Buffer): string => {
  machine.countText(bytes.length);
  return utf8(bytes, refuse);
};

const nameLine = (step: Step): string => decodeText(step, step.cursor.line(maxNameBytes));

const constant =
  (value: unknown): Opcode =>
  ({ machine }) =>
    machine.push(value);

const tuple =
  (count: number): Opcode =>
  ({ machine }) =>
    machine.push(machine.popSome(count));

const reduce: Opcode = ({ machine }) => {
  const args = machine.pop();
  machine.construct(machine.pop(), args);
};

/** `01` and `00` stand for True and False. */
const integerLine: Opcode = ({ cursor, machine }) => {
  const start = cursor.at;
  const text = cursor.line(2 ** 13).toString('latin1');
  if (text === '00' || text === '01') return machine.push(text === '01');
  cursor.at = start;
  machine.push(cursor.decimal());
};

/**
 * The opcodes of protocols 0 to 5, by the names in Python's `pickletools`. Left out: EXT1, EXT2 and EXT4 (a registry of the
 * process that wrote the file), NEXT_BUFFER and READONLY_BUFFER (data outside of the file).
 */
const named: { readonly [character: string]: Opcode } = {
  // Numbers and constants
  I: integerLine,
  L: ({ cursor, machine }) => machine.push(cursor.decimal()),
  F: ({ cursor, machine }) => machine.push(cursor.float()),
  J: ({ cursor, machine }) => machine.push(cursor.int32()),
  K: ({ cursor, machine }) => machine.push(cursor.uint8()),
  M: ({ cursor, machine }) => machine.push(cursor.uint16()),
  G: ({ cursor, machine }) => machine.push(cursor.double()),
  '\x8a': ({ cursor, machine }) => machine.push(cursor.long(cursor.uint8())),
  '\x8b': ({ cursor, machine }) => machine.push(cursor.long(cursor.int32())),
  N: constant(null),
  '\x88': constant(true),
  '\x89': constant(false),
  // Strings of Python 2
  S: ({ cursor, machine, refuse, oldString }) => machine.push(oldString(unquote(cursor.line(), refuse))),
  T: ({ cursor, machine, oldString }) => machine.push(oldString(cursor.take(cursor.uint32()))),
  U: ({ cursor, machine, oldString }) => machine.push(oldString(cursor.take(cursor.uint8()))),
  // Bytes
  B: ({ cursor, machine }) => machine.push(cursor.take(cursor.uint32())),
  C: ({ cursor, machine }) => machine.push(cursor.take(cursor.uint8())),
  '\x8e': ({ cursor, machine }) => machine.push(cursor.take(cursor.uint64())),
  '\x96': ({ cursor, machine }) => machine.push(cursor.take(cursor.uint64())),
  // Text
  V: ({ cursor, machine, refuse }) => {
    const line = cursor.line();
    machine.countText(line.length);
    machine.push(rawUnicode(line, refuse));
  },
  X: (step) => step.machine.push(decodeText(step, step.cursor.take(step.cursor.uint32()))),
  '\x8c': (step) => step.machine.push(decodeText(step, step.cursor.take(step.cursor.uint8()))),
  '\x8d': (step) => step.machine.push(decodeText(step, step.cursor.take(step.cursor.uint64()))),
  // Tuples, lists, dicts, sets
  '(': ({ machine }) => machine.mark(),
  ')': ({ machine }) => machine.push([]),
  t: ({ machine }) => machine.push(machine.popToMark()),
  '\x85': tuple(1),
  '\x86': tuple(2),
  '\x87': tuple(3),
  ']': ({ machine }) => machine.push([]),
  l: ({ machine }) => machine.push(machine.popToMark()),
  a: ({ machine }) => machine.append(machine.popSome(1)),
  e: ({ machine }) => machine.append(machine.popToMark()),
  '}': ({ machine }) => machine.push(new Map()),
  d: ({ machine }) => machine.dict(machine.popToMark()),
  s: ({ machine }) => machine.setItems(machine.popSome(2)),
  u: ({ machine }) => machine.setItems(machine.popToMark()),
  '\x8f': ({ machine }) => machine.push(new Set()),
  '\x90': ({ machine }) => machine.append(machine.popToMark()),
  '\x91': ({ machine }) => machine.push(new Set(machine.popToMark())),
  // Stack and memo
  '0': ({ machine }) => void machine.pop(),
  '1': ({ machine }) => void machine.popToMark(),
  '2': ({ machine }) => machine.push(machine.top),
  p: ({ cursor, machine }) => machine.put(cursor.decimal()),
  q: ({ cursor, machine }) => machine.put(cursor.uint8()),
  r: ({ cursor, machine }) => machine.put(cursor.uint32()),
  '\x94': ({ machine }) => machine.memoize(),
  g: ({ cursor, machine }) => machine.get(cursor.decimal()),
  h: ({ cursor, machine }) => machine.get(cursor.uint8()),
  j: ({ cursor, machine }) => machine.get(cursor.uint32()),
  // Objects
  c: (step) => step.machine.global(nameLine(step), nameLine(step)),
  '\x93': ({ machine }) => machine.global(...(machine.popSome(2) as [unknown, unknown])),
  i: (step) => {
    const args = step.machine.popToMark();
    step.machine.global(nameLine(step), nameLine(step));
    step.machine.construct(step.machine.pop(), args);
  },
  o: ({ machine, refuse }) => {
    const [callee, ...args] = machine.popToMark();
    if (callee === undefined) throw refuse('there is no class to make');
    machine.construct(callee, args);
  },
  R: reduce,
  '\x81': reduce,
  '\x92': (step) => {
    if ((step.machine.pop() as { size?: unknown } | null)?.size !== 0)
      throw step.refuse('keyword arguments are not read');
    reduce(step);
  },
  b: ({ machine }) => machine.build(),
  P: (step) => step.machine.push(step.persistent(nameLine(step))),
  Q: ({ machine, persistent }) => machine.push(persistent(machine.pop())),
  // The file
  '\x80': ({ cursor, refuse }) => {
    const protocol = cursor.uint8();
    if (protocol > 5) throw refuse(`the protocol must be 0 to 5, got ${protocol}`);
  },
  '\x95': ({ cursor, refuse }) => {
    const length = cursor.uint64();
    if (length > cursor.length - cursor.at) throw refuse('a frame is longer than the file');
  },
};

/** By code. */
export const opcodes: ReadonlyMap<number, Opcode> = new Map(
  Object.entries(named).map(([character, opcode]) => [character.charCodeAt(0), opcode]),
);

export const stopCode = '.'.charCodeAt(0);
