import { type ActionKey, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { keyOfWork } from '../../core/adoption.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import { shortDigest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { inputArtifacts, type Lineage, type MadeNode, madeNodes, shardsOf } from '../../core/lineage.ts';
import { dependenciesOf, toAction } from '../../core/plan.ts';
import { nodeWithout, skipsAmong } from '../../core/skips.ts';
import type { Store } from '../../store/index.ts';
import { programCode } from '../roles.ts';
import type { AuditReader } from './reader.ts';
import type { Ledger, Problem } from './result.ts';

const what = 'links and keys checked';

/** Checks that each node's key follows from the plan and the outputs of earlier nodes, and that no part is missing. */
export const checkLinks = (lineage: Lineage, ledger: Ledger): void => {
  const { run, records } = lineage;
  const outputs = new Map<string, Outputs>();
  const note = (where: string, message: string | undefined, fault: Problem['fault'] = 'corrupt'): void =>
    ledger.note(what, message === undefined ? undefined : { fault, where, message });
  for (const node of run.plan.nodes) {
    const made = run.nodes[node.id];
    if (made === undefined) note(node.id, 'was not made in this run', 'missing');
    else if ('key' in made) {
      const record = records.get(made.key);
      note(node.id, record ? undefined : `the record of its action ${made.key} cannot be read`, 'missing');
      if (record) outputs.set(node.id, record.outputs);
    }
  }
  const because = new Map(
    Object.entries(run.nodes).flatMap(([id, made]) => ('skipped' in made ? [[id, made.skipped] as const] : [])),
  );
  for (const { node, key, record } of madeNodes(lineage)) {
    const skipped = skipsAmong(dependenciesOf(node), (id) => because.get(id));
    note(
      node.id,
      planned(() => actionKey(toAction(nodeWithout(node, skipped), outputs)), key),
    );
    for (const part of record.parts ?? [])
      note(node.id, records.has(part) ? undefined : `the record of its part ${part} cannot be read`, 'missing');
  }
};

/** @returns what is wrong with the key, if anything */
const planned = (keyOf: () => ActionKey, key: ActionKey): string | undefined => {
  try {
    const wanted = keyOf();
    return wanted === key
      ? undefined
      : `by the plan and the outputs that it took its action is ${shortDigest(wanted)}, its record has ${shortDigest(key)}`;
  } catch (error) {
    if (error instanceof CemiflowError && error.code === 'OutputMissing') return error.message;
    throw error;
  }
};

/** Rehashes the store's copies of the records, the pointers to them, and kept checkpoints. */
export const checkRecords = async (
  lineage: Lineage,
  store: Pick<Store, 'inspectRecord' | 'checkpoints'>,
  ledger: Ledger,
): Promise<void> => {
  const names = namesOf(lineage);
  for (const [key, record] of lineage.records) {
    const where = `checkpoints of ${names.get(key) ?? shortDigest(key)}`;
    if (!(await store.checkpoints.isSound(keyOfWork(record))))
      ledger.note('kept checkpoints rehashed', { fault: 'corrupt', where, message: 'are not what their digests say' });
  }
  await mapBounded([...lineage.digests], lanes, async ([key, digest]) => {
    const found = await store.inspectRecord(key, digest);
    for (const [copy, condition] of Object.entries(found)) {
      const where = `${copy} of action ${shortDigest(key)} (${names.get(key) ?? 'no node'})`;
      // The pointer may lead to another record of the same action by now: a finding says where its outputs differ.
      const sound = condition === 'sound' || condition === 'other';
      const message = condition === 'missing' ? 'is not in the store' : 'is not what its digest says';
      ledger.note('records rehashed', sound ? undefined : { fault: condition, where, message });
    }
  });
};

/** Rehashes everything that the run depends on: outputs of nodes and parts, source files, uncommitted changes, users' programs. */
export const checkContent = async (lineage: Lineage, reader: AuditReader): Promise<void> => {
  for (const made of madeNodes(lineage)) {
    await outputsSound(made.record, made.node.id, reader);
    for (const part of shardsOf(lineage, made.record)) {
      await outputsSound(part, partName(made, part), reader);
      // Some of these artifacts were made when the stage was split, and are no action's output.
      for (const ref of inputArtifacts(part))
        await reader.artifact(ref, `${ref.type} that ${partName(made, part)} took`);
    }
    for (const record of [made.record, ...shardsOf(lineage, made.record)]) {
      const { code, lock, uncommitted } = record.source;
      await reader.artifact(code, `source of ${record.action.kind}`);
      if (lock) await reader.blob(lock, 'package-lock.json');
      if (uncommitted) await reader.blob(uncommitted, 'uncommitted changes');
      if (record.log) await reader.blob(record.log, `log of ${made.node.id}`);
      const program = programCode(record);
      if (program) await reader.artifact(program, `code of ${made.node.id}`);
      for (const ref of record.adopted?.statements ?? []) await reader.artifact(ref, 'statement of an adoption');
    }
  }
};

const outputsSound = async ({ outputs }: ActionRecord, name: string, reader: AuditReader): Promise<void> => {
  for (const [output, ref] of Object.entries(outputs)) await reader.artifact(ref, `${name}.${output}`);
};

const partName = ({ node, record }: MadeNode, { key }: ActionRecord): string =>
  `${node.id}#${(record.parts ?? []).indexOf(key) + 1}`;

/** Readable names of all actions of a run. */
export const namesOf = (lineage: Lineage): Map<ActionKey, string> =>
  new Map(
    madeNodes(lineage).flatMap((made): [ActionKey, string][] => [
      [made.key, made.node.id],
      ...shardsOf(lineage, made.record).map((part): [ActionKey, string] => [part.key, partName(made, part)]),
    ]),
  );
