import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isMap, parse, parseDocument, stringify } from 'yaml';
import type { Json, JsonObject } from '../core/errors.ts';
import { CemiflowError } from '../core/errors.ts';
import { usageError } from './usage-error.ts';

/** A spec made of a DVC pipeline: a start, to be read and mended. */
export interface ImportedSpec {
  /** YAML. */
  readonly spec: string;
  readonly stages: number;
  /** What could not be carried over, each with its place. */
  readonly left: readonly string[];
}

interface DvcStage {
  readonly cmd?: string | readonly string[];
  readonly deps?: readonly Json[];
  readonly outs?: readonly Json[];
  readonly metrics?: readonly Json[];
  readonly plots?: readonly Json[];
  readonly params?: readonly Json[];
  readonly wdir?: string;
  readonly matrix?: { readonly [axis: string]: readonly Json[] };
  readonly foreach?: Json;
  readonly do?: DvcStage;
  readonly desc?: string;
  readonly frozen?: boolean;
}

/**
 * Makes a spec of a `dvc.yaml`: each stage becomes a `command/run` of a shell, with what other stages make as its inputs. Values in
 * `${…}` are looked up in `vars` and `params.yaml`.
 *
 * @throws CemiflowError `Usage`, `DvcInvalid`
 */
export const importDvc = (path: string, cwd: string): ImportedSpec => new DvcImport(resolve(cwd, path)).spec();

class DvcImport {
  readonly #file: string;
  readonly #stages: { readonly [name: string]: DvcStage };
  readonly #values: JsonObject;
  readonly #left: string[] = [];
  /** Stage and output that make a path. */
  readonly #makers = new Map<
    string,
    { readonly stage: string; readonly output: string; readonly axes: readonly string[] }
  >();

  constructor(file: string) {
    this.#file = file;
    const whole = objectIn(file);
    if (!isObject(whole.stages)) throw invalid(file, 'has no stages');
    this.#stages = whole.stages as { readonly [name: string]: DvcStage };
    this.#values = this.#varsOf(whole.vars);
    for (const name of ['artifacts', 'datasets', 'plots'])
      if (whole[name] !== undefined) this.#left.push(`${name}: has no counterpart`);
  }

  spec(): ImportedSpec {
    const stages = Object.entries(this.#stages).map(([name, stage]) => this.#unfolded(name, stage));
    for (const { name, stage, axes } of stages)
      for (const { path, output } of outputsOf(stage))
        this.#makers.set(this.#at(stage, path), { stage: name, output, axes: Object.keys(axes) });
    const made = Object.fromEntries(stages.map(({ name, stage, axes }) => [name, this.#stage(name, stage, axes)]));
    const spec = {
      experiment: plainName(basename(dirname(this.#file))) || 'pipeline',
      seed: 7,
      stages: made,
    };
    const head = [
      '# yaml-language-server: $schema=schemas/experiment.schema.json',
      '#',
      `# Made of ${basename(this.#file)} by "cemiflow import". A start: read it, and mend what is listed here.`,
      ...this.#left.map((each) => `# - ${each}`),
    ];
    return {
      spec: `${head.join('\n')}\n${stringify(spec, { lineWidth: 0 })}`,
      stages: stages.length,
      left: this.#left,
    };
  }

  /** A `foreach` as a matrix. */
  #unfolded(name: string, stage: DvcStage) {
    const own = plainName(name);
    if (stage.matrix) return { name: own, stage, axes: stage.matrix };
    if (stage.foreach === undefined) return { name: own, stage, axes: {} };
    const items = typeof stage.foreach === 'string' ? this.#lookUp(stage.foreach) : stage.foreach;
    const values = Array.isArray(items) ? items : isObject(items) ? Object.keys(items) : [];
    const simple = values.length > 0 && values.every((each) => typeof each !== 'object' || each === null);
    if (!simple || !Array.isArray(items))
      this.#left.push(`stages.${name}.foreach: only lists of plain values become a matrix`);
    return { name: own, stage: stage.do ?? {}, axes: simple ? { item: values } : {} };
  }

  #stage(name: string, stage: DvcStage, axes: { readonly [axis: string]: readonly Json[] }): JsonObject {
    const place = `stages.${name}`;
    if (stage.frozen) this.#left.push(`${place}.frozen: every stage is made where it is missing`);
    const commands = [stage.cmd ?? []].flat().map((each) => this.#filled(each, place));
    if (commands.length === 0) this.#left.push(`${place}.cmd: is missing`);
    const inputs: { [name: string]: JsonObject } = {};
    for (const dep of stage.deps ?? []) this.#input(dep, stage, place, inputs, Object.keys(axes));
    for (const param of stage.params ?? [])
      this.#left.push(
        `${place}.params: ${JSON.stringify(param)} is read by the program from its file, all of which is part of the code`,
      );
    const outputs = outputsOf(stage).map(({ path, output, type, options }) => {
      for (const option of Object.keys(options)) this.#left.push(`${place}: ${option} of ${path} has no counterpart`);
      return [output, { type, path: this.#filled(path, place) }] as const;
    });
    if (outputs.length === 0) this.#left.push(`${place}.outs: a stage must make something`);
    return {
      ...(stage.desc && { description: stage.desc }),
      uses: 'command/run',
      ...(Object.keys(axes).length > 0 && { matrix: axes as unknown as JsonObject }),
      with: {
        code: stage.wdir ? `./${stage.wdir}` : '.',
        command: ['sh', '-ec', commands.join('\n')],
        ...(Object.keys(inputs).length > 0 && { inputs }),
        outputs: Object.fromEntries(outputs) as JsonObject,
      },
    };
  }

  #input(
    dep: Json,
    stage: DvcStage,
    place: string,
    inputs: { [name: string]: JsonObject },
    axes: readonly string[],
  ): void {
    const path = this.#filled(pathIn(dep), place);
    const maker = this.#makers.get(this.#at(stage, path)) ?? this.#makers.get(this.#at(stage, pathIn(dep)));
    if (maker) {
      const missing = maker.axes.filter((axis) => !axes.includes(axis));
      if (missing.length > 0)
        this.#left.push(`${place}.deps: ${path} is made once for each ${missing.join(', ')}: say which`);
      const index = maker.axes.length > 0 ? `[${maker.axes.join(', ')}]` : '';
      inputs[uniqueName(path, inputs)] = { from: `\${{ stages.${maker.stage}${index}.${maker.output} }}`, path };
    } else if (existsSync(`${join(dirname(this.#file), stage.wdir ?? '', path)}.dvc`))
      this.#left.push(
        `${place}.deps: ${path} is data that DVC tracks: take it in by a stage of its own (data/import), or name it in the command`,
      );
  }

  /** `${…}` by its value; of a matrix, by a reference. */
  #filled(text: string, place: string): string {
    return text.replace(/\$\{([^}]+)\}/g, (whole, name: string) => {
      const key = name.trim();
      if (/^item(\.\w+)?$/.test(key)) return `\${{ matrix.${key === 'item' ? 'item' : key.slice('item.'.length)} }}`;
      const value = this.#lookUp(whole);
      if (value !== undefined && typeof value !== 'object') return String(value);
      this.#left.push(`${place}: ${whole} is not known from vars or params.yaml`);
      return whole;
    });
  }

  #lookUp(reference: string): Json | undefined {
    const path = reference.replace(/^\$\{\s*|\s*\}$/g, '').split('.');
    return path.reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), this.#values);
  }

  #varsOf(vars: Json | undefined): JsonObject {
    const folder = dirname(this.#file);
    const usual = existsSync(join(folder, 'params.yaml')) ? objectIn(join(folder, 'params.yaml')) : {};
    const more = (Array.isArray(vars) ? vars : []).map((each): JsonObject => {
      if (isObject(each)) return each;
      const [file = '', keys] = String(each).split(':');
      if (keys !== undefined || !existsSync(join(folder, file))) {
        this.#left.push(`vars: ${each} was not read`);
        return {};
      }
      return objectIn(join(folder, file));
    });
    return Object.assign({}, usual, ...more);
  }

  #at({ wdir = '' }: DvcStage, path: string): string {
    return join('/', wdir, path);
  }
}

const outputsOf = (
  stage: DvcStage,
): { readonly path: string; readonly output: string; readonly type: string; readonly options: JsonObject }[] => {
  const names: { [name: string]: true } = {};
  return (['outs', 'metrics', 'plots'] as const).flatMap((list) =>
    (stage[list] ?? []).map((out) => {
      const path = pathIn(out);
      const output = uniqueName(path, names);
      names[output] = true;
      const options = isObject(out) ? ((Object.values(out)[0] ?? {}) as JsonObject) : {};
      return { path, output, type: list === 'metrics' && path.endsWith('.json') ? 'metrics' : 'files', options };
    }),
  );
};

/** An entry is a path, or a map from a path to options. */
const pathIn = (entry: Json): string => (isObject(entry) ? (Object.keys(entry)[0] ?? '') : String(entry));

/** As stages, outputs and experiments may be called. */
const plainName = (text: string): string =>
  text
    .replace(/\$\{[^}]*\}/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^(?=\d)/, 'x')
    .slice(0, 60);

const uniqueName = (path: string, taken: object): string => {
  const name = plainName(basename(path).replace(/\.[^.]*$/, '')) || 'out';
  for (let i = 1; ; i++) {
    const wanted = i === 1 ? name : `${name}_${i}`;
    if (!Object.hasOwn(taken, wanted)) return wanted;
  }
};

const objectIn = (file: string): JsonObject => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${(error as Error).message}`, 'name a dvc.yaml');
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault) throw invalid(file, `is no YAML: ${fault.message.split('\n')[0]}`);
  if (!isMap(document.contents)) throw invalid(file, 'holds no map');
  return parse(text, { maxAliasCount: 100 }) as JsonObject;
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (file: string, problem: string): CemiflowError =>
  new CemiflowError('DvcInvalid', `${file} ${problem}`, {
    remedy: 'name a dvc.yaml that "dvc repro" takes',
    data: { file },
  });
