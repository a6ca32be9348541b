import type { ActionRecord } from '../../core/action.ts';
import { otherResults } from '../../core/adoption.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import { shortDigest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { namesOf } from '../audit/links.ts';
import type { Finding, FindingStore } from './finding.ts';

/** Actions of the run that were done more than once, with other outputs: their key promised the same. */
export const irreproducible = async (
  lineage: Lineage,
  store: Pick<FindingStore, 'listRecords'>,
): Promise<Finding[]> => {
  const names = namesOf(lineage);
  const found = await mapBounded([...lineage.records.values()], lanes, async (record): Promise<Finding[]> => {
    const others = await otherResults(record, store);
    const [other] = others;
    if (!other) return [];
    const name = names.get(record.key) ?? shortDigest(record.key);
    return [
      {
        kind: 'not reproducible',
        severity: 'warning',
        message: `${name} was done more than once with other outputs: on ${placeOf(record)} for this run, and on ${placeOf(other)}`,
        nodes: [name],
        evidence: {
          key: record.key,
          outputs: [record, ...others].map(({ outputs }) => outputs as unknown as JsonObject),
        },
      },
    ];
  });
  return found.flat();
};

const placeOf = ({ machine, endedAt }: ActionRecord): string =>
  `${machine.host} (${machine.cpu}${machine.tensorflow ? `, TensorFlow ${shortDigest(machine.tensorflow.library)}` : ''}, ${endedAt})`;
