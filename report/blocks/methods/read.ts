import { frechetKind, privacyKind, similarityKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import { groupsOf } from '../../axes.ts';
import { differencesOf } from '../../differences/differences.ts';
import { fillLabel, rowLabel } from '../../labels.ts';
import { agrees, gathered, type Placed, type Several } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';
import { trainingSet } from '../accuracy/read.ts';
import { accuraciesOf, readVerifications } from '../accuracy/verification.ts';
import { checkFrechet } from './frechet.ts';
import { readPrinted } from './printed.ts';
import { type Cost, costs, type MethodRow, type Methods, type MethodsParams, type RowParams } from './row.ts';

export const readMethods = async (params: MethodsParams, reader: ReportReader): Promise<Methods> => {
  const { judge, gallery, meanOver } = params;
  const printedOf = await readPrinted(params, reader);
  const rows: MethodRow[] = [];
  for (const [r, row] of params.rows.entries()) {
    const runs = gathered(row.metrics, `methods.rows.${r}.metrics`);
    const axes = meanOver.filter((axis) => runs.every(({ matrix }) => Object.hasOwn(matrix, axis)));
    const groups = groupsOf(runs, axes);
    for (const { matrix, members } of groups) {
      const at = { row, place: `methods.rows.${r}`, matrix, members, printed: printedOf(row) };
      rows.push(await readRow({ ...at, alone: groups.length === 1 }, reader));
    }
  }
  checkFrechet(rows);
  const differences = await differencesOf(rows.map(named), reader, {
    competing: ({ real }) => !real,
    wanted: params.differencesFrom,
  });
  return { judge, gallery, rows: withGap(rows), meanOver, ...(differences && { differences }) };
};

/** A row whose label says its loss too. */
const named = (row: MethodRow): MethodRow => ({ ...row, label: row.loss ? `${row.label}, ${row.loss}` : row.label });

/** One row of the table: a row of the spec, at one point of its matrix. */
interface At {
  readonly row: RowParams;
  readonly place: string;
  readonly matrix: JsonObject;
  readonly members: readonly Placed[];
  readonly printed: MethodRow['printed'];
  /** Whether the spec's row has no other point: its label is then enough. */
  readonly alone: boolean;
}

const readRow = async (at: At, reader: ReportReader): Promise<MethodRow> => {
  const { row, place, matrix, members, printed } = at;
  const { label, loss } = namesOf(at);
  const name = loss === undefined ? label : `${label}, ${loss}`;
  const verifications = await readVerifications(members, `verification: ${name}`, reader);
  const agreeing = (key: 'data' | 'similarity' | 'frechet' | 'privacy'): readonly Placed[] =>
    placesOf(row[key], `${place}.${key}`, matrix);
  /** Reads what several evaluations measured of the set; nothing where there are none. */
  const measured = async <T>(
    key: 'similarity' | 'frechet' | 'privacy',
    read: (at: Placed) => Promise<T>,
  ): Promise<(T & Read)[] | undefined> => {
    const found: (T & Read)[] = [];
    for (const at of agreeing(key)) found.push({ ...(await read(at)), artifact: at.artifact.digest, input: at.input });
    return found.length === 0 ? undefined : found;
  };
  const [data] = agreeing('data');
  const set = data && (await trainingSet(data, { matrix, label: name, reader }));
  const similarity = await measured('similarity', async ({ artifact, matrix: point }) => {
    const { mean } = await reader.metrics(artifact, similarityKind, `similarity to the inquiry: ${name}`, point);
    return { mean };
  });
  const frechet = await measured('frechet', ({ artifact, matrix: point }) =>
    reader.metrics(artifact, frechetKind, `Fréchet distance: ${name}`, point),
  );
  const privacy = await measured('privacy', async ({ artifact, matrix: point }) => {
    const found = await reader.metrics(artifact, privacyKind, `nearest real identities: ${name}`, point);
    const { kind: _kind, histogram: _histogram, perIdentity: _perIdentity, ...nearness } = found;
    return nearness;
  });
  return {
    ...accuraciesOf(verifications),
    ...{ label, matrix, reference: row.reference, real: row.reference || row.real },
    ...(loss === undefined ? {} : { loss }),
    ...(set ? { volume: set.volume } : {}),
    ...(similarity && { similarity }),
    ...(frechet && { frechet }),
    ...(privacy && { privacy }),
    cost: costOf(row, place, matrix),
    ...(printed ? { printed } : {}),
  };
};

/** Axes that the loss names stand in its column: the label need not repeat them. */
const namesOf = ({ row: { label, loss }, matrix, alone }: At): { label: string; loss?: string } => {
  const named = Object.entries(matrix).filter(([axis]) => loss?.includes(`{${axis}}`));
  const left = Object.fromEntries(
    Object.entries(matrix).filter(([axis]) => label.includes(`{${axis}}`) || !named.some(([own]) => own === axis)),
  );
  const filled = rowLabel(label, left, alone);
  return loss === undefined ? { label: filled } : { label: filled, loss: fillLabel(loss, Object.fromEntries(named)) };
};

const placesOf = (value: Several | undefined, place: string, matrix: JsonObject): readonly Placed[] =>
  value === undefined ? [] : gathered(value, place).filter((each) => agrees(each.matrix, matrix));

/** Time is in no artifact: only where it is to be looked up is known here. */
const costOf = ({ cost = {} }: RowParams, place: string, matrix: JsonObject): MethodRow['cost'] => {
  const inputs = (what: Cost): string[] =>
    placesOf(cost[what], `${place}.cost.${what}`, matrix).map(({ input }) => input);
  return Object.fromEntries(costs.map((what) => [what, inputs(what)] as const).filter(([, found]) => found.length > 0));
};

/** GtR of each row from the one reference. */
const withGap = (rows: readonly MethodRow[]): MethodRow[] => {
  const [reference, ...others] = rows.filter((row) => row.reference);
  if (others.length > 0)
    throw new CemiflowError(
      'ReportInputInvalid',
      `one row of methods may be the reference, got ${others.length + 1}: ${[reference, ...others].map((row) => row?.label).join('; ')}`,
      {
        remedy: 'keep reference: true on the row that GtR is counted from, and write real: true on other real data',
        data: { references: others.length + 1 },
      },
    );
  return rows.map((row) => (reference ? { ...row, gap: reference.average - row.average } : row));
};
