import { LineCounter } from 'yaml';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { plural } from '../core/words.ts';
import { hideSecrets } from './secrets.ts';

/** A text that a spec is read from: a file, or one `--set` of the command line. */
export interface Source {
  /** As people should see it: `pipelines/quickstart.yaml`, `--set params.m=[0]`. */
  readonly name: string;
  /** Relative paths in it start here. */
  readonly folder: string;
  readonly text: string;
  readonly lines: LineCounter;
}

/** @param name as messages show it @param folder where relative paths in the text start */
export const makeSource = (name: string, folder: string, text: string): Source => {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return { name, folder, text, lines };
};

/** Offsets into a source's text, `end` exclusive. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** One mistake in a spec: where it is, what was wrong, what would be right. */
export interface SpecProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
  /** The line and carets under the place, for a terminal. */
  readonly excerpt: string;
}

/** All mistakes of a spec at once; its message is what the CLI prints. */
export class SpecError extends CemiflowError {
  readonly problems: readonly SpecProblem[];

  constructor(problems: readonly SpecProblem[]) {
    const count = problems.length === 1 ? 'a mistake' : plural(problems.length, 'mistake');
    super('SpecInvalid', `the spec has ${count}:\n\n${problems.map(formatProblem).join('\n\n')}`, {
      remedy: 'correct the lines shown; nothing was started',
      data: { problems: problems as unknown as JsonObject[] },
    });
    this.problems = problems;
  }
}

/** `file:line:column: message`, the excerpt, and the remedy. */
export const formatProblem = (problem: SpecProblem): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${problem.message}\n${problem.excerpt}\n  ${problem.remedy}`;

/** Collects mistakes; the same message at the same place is kept once. */
export class Problems {
  readonly #found = new Map<string, SpecProblem & { order: number }>();
  readonly #places = new Set<string>();

  add(place: Place, message: string, remedy: string): void {
    const { line, col: column } = place.source.lines.linePos(place.start);
    const key = JSON.stringify([place.source.name, place.start, message]);
    this.#places.add(placeKey(place));
    if (this.#found.has(key)) return;
    const problem = { file: place.source.name, line, column, message, remedy, excerpt: excerptOf(place) };
    this.#found.set(key, { ...problem, order: this.#found.size });
  }

  /** Whether this exact place was reported already, so that consequences of the mistake are not reported too. */
  has(place: Place): boolean {
    return this.#places.has(placeKey(place));
  }

  get list(): SpecProblem[] {
    return [...this.#found.values()]
      .sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.order - b.order))
      .map(({ order: _, ...problem }) => problem);
  }

  /** @throws SpecError when there is any problem */
  throwIfAny(): void {
    if (this.#found.size > 0) throw new SpecError(this.list);
  }
}

const placeKey = (place: Place): string => JSON.stringify([place.source.name, place.start, place.end]);

const shownColumns = 110;

/**
 * ```
 *   12 |   teacher: {uses: recognizer/trian}
 *      |                   ^^^^^^^^^^^^^^^^
 * ```
 */
export const excerptOf = ({ source, start, end }: Place): string => {
  const { line, col } = source.lines.linePos(start);
  const from = source.text.lastIndexOf('\n', start - 1) + 1;
  const newline = source.text.indexOf('\n', from);
  const whole = source.text.slice(from, newline < 0 ? undefined : newline).replace(/\p{Cc}/gu, ' ');
  const width = Math.max(1, Math.min(end, from + whole.length) - start);
  const cut = col > shownColumns - 20 ? col - 40 : 0;
  const shown = hideSecrets(whole).slice(cut, cut + shownColumns);
  const carets = '^'.repeat(Math.max(1, Math.min(width, shown.length - (col - 1 - cut))));
  const label = String(line);
  return `  ${label} | ${shown}\n  ${' '.repeat(label.length)} | ${' '.repeat(col - 1 - cut)}${carets}`;
};
