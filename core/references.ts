/** A matrix value. It becomes part of node ids. */
export type Scalar = string | number | boolean;

/** How one axis of another stage's matrix is chosen: my own value, all values, or a named one. */
export interface AxisChoice {
  readonly axis: string;
  readonly choose: 'same' | 'all' | { readonly value: Scalar };
}

/** What is written between `${{` and `}}`. It names a value; it never computes one. */
export type Reference =
  | { readonly to: 'params'; readonly path: readonly string[] }
  | { readonly to: 'matrix'; readonly axis: string }
  | {
      readonly to: 'stages';
      /** Its name, or the axis of the referring node whose value names it. */
      readonly stage: string | { readonly axis: string };
      /** Absent: the stage has no matrix. `'all'`: every node, as a labelled list. */
      readonly index?: 'all' | readonly AxisChoice[];
      /** Absent: the kind's first output. */
      readonly output?: string;
    }
  | { readonly to: 'nothing'; readonly message: string; readonly remedy: string; readonly word?: string };

/** A string of a spec, cut at its references. */
export type TemplatePart =
  | { readonly text: string }
  | { readonly reference: Reference /** as written, with its braces */; readonly source: string };

const name = '[A-Za-z_][A-Za-z0-9_-]*';
const paramsPattern = new RegExp(`^params((?:\\.${name})+)$`);
const matrixPattern = new RegExp(`^matrix\\.(${name})$`);
const stagesPattern = new RegExp(
  `^stages(?:\\.(${name})|\\[\\s*matrix\\.(${name})\\s*\\])(?:\\[([^\\]]*)\\])?(?:\\.(${name}))?$`,
);
const choicePattern = new RegExp(`^(${name})(?:\\s*=\\s*(.+))?$`);

export const hasReference = (text: string): boolean => text.includes('${{');

/** Cuts a string at `${{ … }}`; a reference that cannot be read becomes one to `nothing`, with the reason. */
export const parseTemplate = (text: string): TemplatePart[] => {
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('${{', at);
    if (open < 0) break;
    if (open > at) parts.push({ text: text.slice(at, open) });
    const close = text.indexOf('}}', open);
    if (close < 0) {
      const reference = nothing('a reference is opened by ${{ but never closed', 'close it by }}');
      return [...parts, { reference, source: text.slice(open) }];
    }
    parts.push({ reference: parseReference(text.slice(open + 3, close)), source: text.slice(open, close + 2) });
    at = close + 2;
  }
  if (at < text.length || parts.length === 0) parts.push({ text: text.slice(at) });
  return parts;
};

/** @param inner the text between the braces, such as ` stages.student[m=0.5].log ` */
export const parseReference = (inner: string): Reference => {
  const text = inner.trim();
  const params = paramsPattern.exec(text);
  if (params?.[1]) return { to: 'params', path: params[1].slice(1).split('.') };
  const matrix = matrixPattern.exec(text);
  if (matrix?.[1]) return { to: 'matrix', axis: matrix[1] };
  const stages = stagesPattern.exec(text);
  if (stages) {
    const [, named, axis, indexText, output] = stages;
    const stage = axis === undefined ? (named as string) : { axis };
    const index = indexText === undefined ? undefined : parseIndex(indexText);
    if (typeof index === 'object' && 'to' in index) return index;
    return { to: 'stages', stage, ...(index === undefined ? {} : { index }), ...(output ? { output } : {}) };
  }
  const root = /^[A-Za-z_]*/.exec(text)?.[0] ?? '';
  return nothing(
    `\${{ ${text} }} is not a reference`,
    'write params.<name>, matrix.<axis>, stages.<name>, stages.<name>.<output>, stages.<name>[<axis>], ' +
      'stages.<name>[<axis>=<value>], stages.<name>[*] or stages[matrix.<axis>]; nothing can be computed here',
    root,
  );
};

const parseIndex = (text: string): 'all' | AxisChoice[] | Extract<Reference, { to: 'nothing' }> => {
  if (text.trim() === '*') return 'all';
  const choices: AxisChoice[] = [];
  for (const item of text.split(',')) {
    const match = choicePattern.exec(item.trim());
    if (!match?.[1]) {
      return nothing(`[${text}] does not choose from a matrix`, 'write [<axis>], [<axis>=<value>], [<axis>=*] or [*]');
    }
    const value = match[2];
    const choose = value === undefined ? 'same' : value === '*' ? 'all' : { value: parseScalar(value) };
    choices.push({ axis: match[1], choose });
  }
  return choices;
};

const parseScalar = (text: string): Scalar => {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  return text.replace(/^(['"])(.*)\1$/, '$2');
};

const nothing = (message: string, remedy: string, word?: string): Extract<Reference, { to: 'nothing' }> => ({
  to: 'nothing',
  message,
  remedy,
  ...(word ? { word } : {}),
});
