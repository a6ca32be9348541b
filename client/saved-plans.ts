import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { PlanNode } from '../core/plan.ts';
import { codeDigest } from '../foreign/code.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { codeDigests } from '../spec/code-digest.ts';
import { codeFiles } from '../spec/code-files.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import { beginsSavedPlan, readSavedPlan, savedStatus, writeSavedPlan } from '../spec/saved-plan.ts';
import { codeDifferences, contentDifferences, outputDifferences, planStale } from '../spec/stale-plan.ts';
import type { Caller } from './caller.ts';
import { knownContent } from './content-memo.ts';
import { ownCodeFiles, readOwnKinds } from './own-kinds.ts';
import type { Planned, SavedFile, SpecRequest } from './planned.ts';
import { commandLine, setArguments } from './shell.ts';
import { usageError } from './usage-error.ts';

/**
 * Reads a saved plan. Undefined where the file is none: its first bytes decide, not its name.
 *
 * @throws CemiflowError `PlanUnreadable`, `PlanVersion`, `PlanEdited`; `Usage` where overrides are given as well
 */
export const openSavedPlan = ({ path: name, set }: SpecRequest, cwd: string): SavedFile | undefined => {
  const path = resolve(cwd, name);
  if (!isSavedPlan(path)) return undefined;
  const saved = readSavedPlan(readFileSync(path, 'utf8'), name);
  const [override] = set;
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

/** The plan of a saved file. @throws CemiflowError `PlanStale` where code or folders have changed since */
export const plannedFrom = async ({ path, saved }: SavedFile, home: string): Promise<Planned> => {
  const { plan, spec } = saved;
  const kinds = Object.keys(saved.codes);
  const known = kinds.filter((kind) => loadStageSchemas().has(kind));
  const codes = await codeDigests(known);
  const ownKinds = await readOwnKinds(saved.places.kinds ?? {});
  const contents = await digestsOf(home, saved);
  const changed = new Map([...codes].filter(([kind, { digest }]) => digest !== saved.codes[kind]?.digest));
  const gone = kinds
    .filter((kind) => !codes.has(kind) && !ownKinds.has(kind))
    .map((kind) => [kind, undefined] as const);
  const changedOwn = [...ownCodeFiles(ownKinds)].filter(([kind, { digest }]) => digest !== saved.codes[kind]?.digest);
  const differences = [
    ...codeDifferences(saved, new Map([...codeFiles(changed), ...changedOwn, ...gone])),
    ...contentDifferences(saved, contents),
  ];
  if (differences.length > 0) throw planStale(path, againCommand({ path, saved }), differences);
  const file = { path, saved };
  const places = { ...saved.places, savedPlan: path };
  const named = { ...spec, savedPlan: basename(path) };
  return { plan, spec: named, places, codes, ownKinds, contents: new Map(Object.entries(saved.contents)), file };
};

/** Digests of the folders of a saved plan as they are now, or why one cannot be read. */
const digestsOf = async (
  home: string,
  { contents, plan }: SavedFile['saved'],
): Promise<Map<string, Digest | CemiflowError>> => {
  const found = new Map<string, Digest | CemiflowError>();
  for (const path of Object.keys(contents)) {
    const digest = await digestNow(home, path, plan.nodes).catch((error) => {
      if (error instanceof CemiflowError) return error;
      throw error;
    });
    found.set(path, digest);
  }
  return found;
};

/** As the nodes that read it took it when the plan was made: as code, or as data with or without links out of the folder. */
const digestNow = (home: string, path: string, nodes: readonly PlanNode[]): Promise<Digest> => {
  const reader = nodes.find(({ places = {} }) => Object.values(places).some((place) => place.path === path));
  if (loadStageSchemas().get(reader?.kind ?? '')?.contentIsCode) return codeDigest(path);
  return knownContent(home, path, { links: reader?.params.links === 'inside' ? 'inside' : 'anywhere' });
};

/**
 * Compares what the store has now with what a saved plan was shown with. Hits that are gone are reported as an event: the same
 * actions make them again.
 *
 * @throws CemiflowError `PlanStale` where a hit has other outputs than it had
 */
export const checkHits = ({ file }: Planned, { nodes, records }: PlanStatus, { on }: Pick<Caller, 'on'>): void => {
  if (!file) return;
  const differences = outputDifferences(file.saved, records);
  if (differences.length > 0) throw planStale(file.path, againCommand(file), differences);
  const gone = [...nodes].filter(([id, { state }]) => state === 'miss' && file.saved.status[id]?.state === 'hit');
  if (gone.length > 0) on({ kind: 'hits gone', nodes: gone.map(([id]) => id) });
};

const againCommand = ({ path, saved: { spec, places } }: SavedFile): string =>
  commandLine('plan', places.spec, ...setArguments({ spec, places }), '--save', path);

/** Writes a plan to a file, with the status that it was shown with. @throws CemiflowError `Usage` */
export const savePlan = (path: string, planned: Planned, { nodes, records }: PlanStatus): void => {
  if (existsSync(path) && !isSavedPlan(path))
    throw usageError(`${path} exists and is not a saved plan`, 'remove it, or name another file');
  if (!existsSync(dirname(path))) throw usageError(`there is no folder ${dirname(path)}`, 'make it, or name another');
  const { savedPlan: _, ...spec } = planned.spec;
  const { savedPlan: __, ...places } = planned.places;
  const text = writeSavedPlan({
    plan: planned.plan,
    spec,
    places,
    codes: Object.fromEntries([...codeFiles(planned.codes), ...ownCodeFiles(planned.ownKinds)]),
    contents: Object.fromEntries(planned.contents),
    status: savedStatus(nodes, records),
  });
  // Whole or as it was: a plan that is cut off would be refused only when it is to be run.
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
};
