import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { folderDigest } from '../formats/folder/digest.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { codeDigests } from '../spec/code-digest.ts';
import { codeFiles } from '../spec/code-files.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import { beginsSavedPlan, readSavedPlan, type SavedPlan, savedStatus, writeSavedPlan } from '../spec/saved-plan.ts';
import { codeDifferences, contentDifferences, outputDifferences, planStale } from '../spec/stale-plan.ts';
import type { Arguments } from './command.ts';
import { usageError } from './exit.ts';
import type { Planned } from './planning.ts';
import type { Session } from './session.ts';
import { commandLine, setArguments } from './shell.ts';

/** A file of `plan --save`. */
export interface SavedFile {
  /** Absolute. */
  readonly path: string;
  readonly saved: SavedPlan;
}

/**
 * The saved plan that the first argument names: what a file begins with tells it from a spec, not its name.
 *
 * @throws CemiflowError `PlanUnreadable`, `PlanVersion`, `PlanEdited`; `Usage` where overrides are given as well
 */
export const openSavedPlan = (args: Arguments, { cwd }: Session): SavedFile | undefined => {
  const name = args.positionals[0] ?? '';
  const path = resolve(cwd, name);
  if (!isSavedPlan(path)) return undefined;
  const saved = readSavedPlan(readFileSync(path, 'utf8'), name);
  const [override] = args.texts('set');
  if (override === undefined) return { path, saved };
  throw usageError(
    `--set ${override} cannot change ${name}, which is a saved plan`,
    commandLine('plan', saved.places.spec, '--set', override, '--save', name),
  );
};

const isSavedPlan = (path: string): boolean => {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const file = openSync(path, 'r');
  const start = Buffer.alloc(256);
  const length = readSync(file, start);
  closeSync(file);
  return beginsSavedPlan(start.toString('utf8', 0, length));
};

/** The plan as it was saved. @throws CemiflowError `PlanStale` where code or folders are not as they were */
export const plannedFrom = async ({ path, saved }: SavedFile): Promise<Planned> => {
  const { plan, spec } = saved;
  const kinds = Object.keys(saved.codes);
  const known = kinds.filter((kind) => loadStageSchemas().has(kind));
  const codes = await codeDigests(known);
  const contents = await digestsOf(Object.keys(saved.contents));
  const changed = new Map([...codes].filter(([kind, { digest }]) => digest !== saved.codes[kind]?.digest));
  const gone = kinds.filter((kind) => !codes.has(kind)).map((kind) => [kind, undefined] as const);
  const differences = [
    ...codeDifferences(saved, new Map([...codeFiles(changed), ...gone])),
    ...contentDifferences(saved, contents),
  ];
  if (differences.length > 0) throw planStale(path, againCommand({ path, saved }), differences);
  const file = { path, saved };
  const places = { ...saved.places, savedPlan: path };
  const named = { ...spec, savedPlan: basename(path) };
  return { plan, spec: named, places, codes, contents: new Map(Object.entries(saved.contents)), file };
};

const digestsOf = async (paths: readonly string[]): Promise<Map<string, Digest | CemiflowError>> => {
  const found = new Map<string, Digest | CemiflowError>();
  for (const path of paths) {
    const digest = await folderDigest(path).catch((error) => {
      if (error instanceof CemiflowError) return error;
      throw error;
    });
    found.set(path, digest instanceof CemiflowError ? digest : digest.digest);
  }
  return found;
};

/**
 * Compares what the store has with what the plan was shown with. Hits that are gone are told: the same actions make them again.
 *
 * @throws CemiflowError `PlanStale` where a hit has other outputs than it had
 */
export const checkHits = ({ file }: Planned, { nodes, records }: PlanStatus, session: Session): void => {
  if (!file) return;
  const differences = outputDifferences(file.saved, records);
  if (differences.length > 0) throw planStale(file.path, againCommand(file), differences);
  const gone = [...nodes].filter(([id, { state }]) => state === 'miss' && file.saved.status[id]?.state === 'hit');
  if (gone.length === 0) return;
  const some = gone.slice(0, 4).map(([id]) => id);
  const more = gone.length > some.length ? ` and ${gone.length - some.length} more` : '';
  session.note(`no longer in the store since the plan was saved, and made again: ${some.join(', ')}${more}`);
};

const againCommand = ({ path, saved: { spec, places } }: SavedFile): string =>
  commandLine('plan', places.spec, ...setArguments(spec), '--save', path);

/** Writes a plan down as it is shown. @throws CemiflowError `Usage` */
export const savePlan = (path: string, planned: Planned, { nodes, records }: PlanStatus): void => {
  if (existsSync(path) && !isSavedPlan(path))
    throw usageError(`${path} is there and is no saved plan`, 'remove it, or name another file');
  if (!existsSync(dirname(path))) throw usageError(`there is no folder ${dirname(path)}`, 'make it, or name another');
  const { savedPlan: _, ...spec } = planned.spec;
  const { savedPlan: __, ...places } = planned.places;
  const text = writeSavedPlan({
    plan: planned.plan,
    spec,
    places,
    codes: Object.fromEntries(codeFiles(planned.codes)),
    contents: Object.fromEntries(planned.contents),
    status: savedStatus(nodes, records),
  });
  // Whole or as it was: a plan that is cut off would be refused only when it is to be run.
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
};
