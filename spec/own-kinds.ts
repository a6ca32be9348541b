import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { readOwnSchema, type StageSchema } from '../schemas/stage-schemas.ts';
import type { Spec } from './spec.ts';
import type { StageDeclaration } from './structure.ts';

/** A stage kind of a user's own: a folder that holds `stage.ts` and `schema.json`. */
export interface OwnKind {
  /** `own/blur` of a folder `blur`. */
  readonly kind: string;
  /** Absolute. */
  readonly folder: string;
  readonly schema: StageSchema;
}

/** Whether a folder of this name can be a stage kind. */
export const isOwnKindName = (name: string): boolean => /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);

/** The own kinds of a spec, each once. Faulty ones are left out, and reported among the spec's problems. */
export const ownKindsOf = ({ stages, problems }: Pick<Spec, 'stages' | 'problems'>): OwnKind[] => {
  const found = new Map<string, OwnKind | undefined>();
  const folders = new Map<string, string>();
  for (const { uses, usesAt, folder } of stages) {
    if (folder === undefined) continue;
    const other = folders.get(uses);
    if (other !== undefined && other !== folder) {
      problems.add(usesAt, `${other} and ${folder} are both the kind ${uses}`, 'rename one of the two folders');
      continue;
    }
    folders.set(uses, folder);
    if (!found.has(uses)) found.set(uses, ownKindAt(uses, folder, usesAt, problems));
  }
  return [...found.values()].filter((each) => each !== undefined);
};

const ownKindAt = (
  kind: string,
  folder: string,
  at: StageDeclaration['usesAt'],
  problems: Spec['problems'],
): OwnKind | undefined => {
  const name = basename(folder);
  if (!isOwnKindName(name)) {
    problems.add(at, `"${name}" cannot be the name of a stage kind`, 'call the folder blur, or blur-faces');
    return undefined;
  }
  for (const file of ['stage.ts', 'schema.json']) {
    if (existsSync(join(folder, file))) continue;
    problems.add(at, `${folder} holds no ${file}`, `"cemiflow new kind ${name}" writes a folder that works`);
    return undefined;
  }
  try {
    return { kind, folder, schema: readOwnSchema(kind, join(folder, 'schema.json')) };
  } catch (error) {
    if (!(error instanceof CemiflowError)) throw error;
    problems.add(at, error.message, error.remedy);
    return undefined;
  }
};
