import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactManifest, ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { CemiflowError, type Json, type JsonObject } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';

/** Another value of a parameter. */
export interface Changed {
  readonly to: Json;
  /** Other parameters, where this one only matters with them. */
  readonly with?: { readonly [path: string]: Json };
  /** The parameter is a fact about the result, stated in its manifest, and changes no file. */
  readonly onlyStated?: boolean;
}

/** How the parameters of a stage kind are tried out, by path, such as `network.base`. */
/** On what terms images come in: the same for every kind that takes them. */
export const terms = {
  licence: { to: 'CC0', onlyStated: true },
  source: { to: 'https://example.org', onlyStated: true },
  consent: { to: 'given', onlyStated: true },
} as const satisfies { readonly [param: string]: Changed };

export interface Sweep {
  /** Parameters that every run starts from. Called when tests run, so that inputs can be made before. */
  base(): JsonObject;
  /** Each must change the outputs. Inputs are parameters as well. */
  changes(): { readonly [path: string]: Changed };
  /** Parameters that are not to change the outputs, with the reason. With `to`, this is tried. */
  readonly inert?: { readonly [path: string]: { readonly because: string; readonly to?: Json } };
  /**
   * Files of `schemas/shared` whose parameters another sweep tries: the kinds hand them whole to the same code, where the compiler
   * sees that none is left out. With a dot at its end, a prefix of the paths comes first, such as `network.`.
   */
  readonly triedElsewhere?: readonly (readonly [file: string, prefix?: string])[];
  run(params: JsonObject): Promise<Outputs>;
  readonly store: Pick<ArtifactStore, 'getArtifact'>;
}

/** What a run puts out: the files of its artifacts, and what their manifests state beside these. A refusal has neither. */
interface Outcome {
  readonly files: string;
  readonly stated: string;
  readonly refused?: string;
}

const schemaOf = (kind: string): StageSchema => loadStageSchemas().get(kind) as StageSchema;

/** Paths of all parameters of a kind: those of objects one by one. */
export const parametersOf = (kind: string): string[] => {
  const within = (schema: JsonObject, prefix: string): string[] =>
    Object.entries(schema.properties as JsonObject).flatMap(([name, property]) => {
      const { type, properties } = property as JsonObject;
      // Blocks of a report count as one parameter each: `test/report` tries what is in them.
      const apart = type === 'object' && properties !== undefined && kind !== 'report/build';
      return apart ? within(property as JsonObject, `${prefix}${name}.`) : [`${prefix}${name}`];
    });
  return within(schemaOf(kind).schema, '');
};

const sharedPaths = (file: string, prefix: string): string[] =>
  Object.keys(JSON.parse(readFileSync(new URL(`../../schemas/shared/${file}.json`, import.meta.url), 'utf8'))).map(
    (name) => `${prefix}${name}`,
  );

const changed = (params: JsonObject, values: { readonly [path: string]: Json }): JsonObject => {
  const result = structuredClone(params) as { [name: string]: Json };
  for (const [path, value] of Object.entries(values)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let inner = result;
    for (const name of names) {
      inner[name] = { ...(inner[name] as JsonObject) };
      inner = inner[name] as { [name: string]: Json };
    }
    inner[last] = value;
  }
  return result;
};

/** Checked against the schema, with its defaults. */
const filled = (kind: string, params: JsonObject): JsonObject => {
  const { validate } = schemaOf(kind);
  const result = structuredClone(params);
  if (validate(result)) return result;
  throw new Error(`${kind}: ${validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`)}`);
};

/** Manifests state many parameters: that a digest changes does not show that the parameter did anything. */
const outcomeOf = async (outputs: Outputs, store: Sweep['store']): Promise<Outcome> => {
  const manifests = await Promise.all(
    Object.entries(outputs).map(async ([name, ref]) => [name, await store.getArtifact(ref as ArtifactRef)] as const),
  );
  const part = (of: (manifest: ArtifactManifest) => Json): string =>
    canonicalJson(Object.fromEntries(manifests.map(([name, manifest]) => [name, of(manifest)])));
  return {
    files: part(({ files }) => files.map(({ path, digest }) => `${path} ${digest}`)),
    stated: part(({ meta }) => meta),
  };
};

/** Runs a stage kind with every parameter changed in turn, and compares the outputs. */
export const sweep = (kind: string, { base, changes, inert = {}, triedElsewhere = [], run, store }: Sweep): void => {
  const elsewhere = new Set(triedElsewhere.flatMap(([file, prefix = '']) => sharedPaths(file, prefix)));
  const paths = parametersOf(kind).filter((path) => !(path in inert || elsewhere.has(path)));
  const known = new Map<string, Promise<Outcome>>();
  const outcome = (params: JsonObject): Promise<Outcome> => {
    const key = canonicalJson(params);
    const made =
      known.get(key) ??
      run(filled(kind, params)).then(
        (outputs) => outcomeOf(outputs, store),
        (error) => {
          if (error instanceof CemiflowError) return { files: '', stated: '', refused: error.code };
          throw error;
        },
      );
    known.set(key, made);
    return made;
  };
  const tried = Object.entries(inert).flatMap(([path, { because, to }]) =>
    to === undefined ? [] : [{ path, because, to }],
  );

  describe(`${kind}: every parameter`, () => {
    it('is tried out, or named with a reason', () => {
      expect(Object.keys(changes()).sort()).toEqual([...paths].sort());
      expect(parametersOf(kind)).toEqual(expect.arrayContaining([...elsewhere]));
      expect(parametersOf(kind)).toEqual(expect.arrayContaining(Object.keys(inert)));
    });

    it.each(paths)('%s changes the outputs', async (path) => {
      const { to, with: others = {}, onlyStated } = changes()[path] as Changed;
      const params = changed(base(), others);
      const [before, after] = [await outcome(params), await outcome(changed(params, { [path]: to }))];
      expect(before.refused).toBeUndefined();
      if (onlyStated) expect(after.stated).not.toBe(before.stated);
      // Another value may be refused.
      expect(after.files === before.files).toBe(onlyStated === true);
    });

    if (tried.length > 0)
      it.each(tried)('$path changes nothing: $because', async ({ path, to }) => {
        expect(await outcome(changed(base(), { [path]: to }))).toEqual(await outcome(base()));
      });
  });
};
