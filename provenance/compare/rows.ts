import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { suggest } from '../../core/nearest.ts';
import type { Scalar } from '../../core/references.ts';

/** A verification that a run made. */
export interface Verified {
  readonly run: string;
  readonly experiment: string;
  readonly stage: string;
  readonly node: string;
  readonly matrix: { readonly [axis: string]: Scalar };
  readonly artifact: ArtifactRef;
}

/** Verifications that differ in nothing but repetitions. */
export interface RowOf {
  readonly label: string;
  readonly members: readonly Verified[];
}

/** What repeats an experiment: nodes that differ in these alone are runs of one row. */
const repetitions = ['seed', 'run'];

/**
 * Gathers verifications into rows.
 *
 * @param by axes, or `stage`, `run`, `experiment`: rows differ in these; verifications that lack one are left out. By default all that
 * the verifications differ in, but for seed and run.
 * @throws CemiflowError `ComparisonInvalid` where no verification has such an axis, or a row would mix what differs otherwise
 */
export const rowsBy = (all: readonly Verified[], by?: readonly string[]): RowOf[] => {
  const coordinates = all.map(coordinatesOf);
  const names = [...new Set(coordinates.flatMap((each) => Object.keys(each)))];
  const differing = (of: readonly Coordinates[]): string[] =>
    names.filter((name) => !repetitions.includes(name) && new Set(of.map((each) => each[name])).size > 1);
  const wanted = by ?? differing(coordinates);
  for (const name of wanted)
    if (!names.includes(name)) throw invalid(`no verification has an axis "${name}"`, suggest(name, names, 'axes'));
  const rows = new Map<string, { members: Verified[]; places: Coordinates[] }>();
  all.forEach((verified, i) => {
    const place = coordinates[i] as Coordinates;
    if (by && wanted.some((name) => place[name] === undefined)) return;
    const label = labelOf(place, wanted);
    const row = rows.get(label) ?? { members: [], places: [] };
    // Runs that share results name one artifact several times.
    if (!row.members.some(({ artifact }) => artifact.digest === verified.artifact.digest)) row.members.push(verified);
    row.places.push(place);
    rows.set(label, row);
  });
  for (const [label, { places }] of rows) {
    const [other] = differing(places);
    if (other === undefined) continue;
    const values = [...new Set(places.map((place) => place[other] ?? '(none)'))];
    throw invalid(
      `the row "${label}" would mix verifications that differ in ${other}: ${values.join(', ')}`,
      `compare by both (--by ${[...wanted, other].join(',')}), or choose: ${other === 'stage' ? `--stage ${values[0]}` : `a run with one ${other}`}`,
    );
  }
  return [...rows].map(([label, { members }]) => ({ label, members }));
};

type Coordinates = { readonly [name: string]: Scalar | undefined };

const coordinatesOf = ({ run, experiment, stage, matrix }: Verified): Coordinates => ({
  run,
  experiment,
  stage,
  ...matrix,
});

/** `m = 0.5, eta = 0`; of a stage, run or experiment its name alone. */
const labelOf = (place: Coordinates, names: readonly string[]): string => {
  const shown = names.flatMap((name) => {
    const value = place[name];
    if (value === undefined) return [];
    return ['stage', 'run', 'experiment'].includes(name) ? `${value}` : `${name} = ${value}`;
  });
  return shown.join(', ') || 'all';
};

const invalid = (message: string, remedy: string): CemiflowError =>
  new CemiflowError('ComparisonInvalid', message, { remedy });
