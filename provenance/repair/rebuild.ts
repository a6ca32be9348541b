import type { ActionKey, ActionRecord, Outputs } from '../../core/action.ts';
import type { ArtifactManifest, ArtifactRef } from '../../core/artifact.ts';
import { type Digest, hexOf } from '../../core/digest.ts';
import type { Flaw, Store } from '../../store/index.ts';
import type { Replayed, ReplayJob } from '../replay/job.ts';
import { cannot, type Records, type Repair, type RepairTools, repaired } from './outcome.ts';

/** Does the actions again whose outputs are at fault. */
export const byComputing = async (flaws: readonly Flaw[], records: Records, tools: RepairTools): Promise<Repair[]> => {
  const { store, rebuild, tell } = tools;
  const makers = await makersOf(flaws, records, store);
  const jobs = new Map<ActionKey, ReplayJob>();
  for (const record of makers.values()) if (record) jobs.set(record.key, jobOf(record, records));
  // What cannot be made again stays as it is: damaged bytes are better than none.
  const answers = new Map<ActionKey, Replayed>();
  // Inputs were made before what took them.
  const order = [...jobs.values()].sort((a, b) => (a.record.endedAt < b.record.endedAt ? -1 : 1));
  for await (const replayed of rebuild(order)) {
    tell(`${replayed.name}: ${replayed.verdict} (${replayed.seconds.toFixed(1)} s)`);
    answers.set(replayed.key, replayed);
  }
  return Promise.all(
    flaws.map(async (flaw): Promise<Repair> => {
      const record = makers.get(flaw);
      if (!record) return cannot(flaw, 'no record of the store says how it was made');
      const { verdict, why } = answers.get(record.key) ?? { verdict: 'cannot', why: 'it was not done' };
      const name = jobs.get(record.key)?.name;
      if (verdict !== 'same') return cannot(flaw, `${name} done again: ${verdict}${why ? `, ${why}` : ''}`);
      const digest: Digest = `sha256:${flaw.key.split('/').slice(2).join('')}`;
      const sound = await isSound(store, flaw, digest);
      return sound
        ? repaired(flaw, `${name} was done again`)
        : cannot(flaw, `${name} was done again, and did not make it`);
    }),
  );
};

const isSound = async (store: Store, { key }: Flaw, digest: Digest): Promise<boolean> => {
  const read = await store.objects.getHashed(key).catch(() => undefined);
  return read?.digest === digest;
};

/** The record of the action, of a part before a whole, that made each object. */
const makersOf = async (
  flaws: readonly Flaw[],
  records: Records,
  store: Store,
): Promise<Map<Flaw, ActionRecord | undefined>> => {
  const all = [...records.values()].flat().sort((a, b) => Number(isPart(b)) - Number(isPart(a)));
  const wanted = new Set(flaws.map(({ key }) => `sha256:${key.split('/').slice(2).join('')}`));
  const makers = new Map<string, ActionRecord>();
  const take = (digest: Digest, record: ActionRecord): void => {
    if (wanted.has(digest) && !makers.has(digest)) makers.set(digest, record);
  };
  for (const record of all)
    for (const ref of Object.values(record.outputs)) {
      take(ref.digest, record);
      for (const { digest } of (await manifestOf(store, ref))?.files ?? []) take(digest, record);
    }
  return new Map(flaws.map((flaw) => [flaw, makers.get(`sha256:${flaw.key.split('/').slice(2).join('')}`)]));
};

const isPart = ({ action }: ActionRecord): boolean => action.kind.endsWith('#part');

const manifestOf = (store: Store, ref: ArtifactRef): Promise<ArtifactManifest | undefined> =>
  store.getArtifact(ref).catch(() => undefined);

const jobOf = (record: ActionRecord, records: Records): ReplayJob => {
  const outputs = record.parts?.flatMap((key): Outputs[] => {
    const part = records.get(key)?.[0];
    return part ? [part.outputs] : [];
  });
  return {
    name: `${record.action.kind} ${hexOf(record.key).slice(0, 12)}`,
    record,
    ...(outputs && { parts: outputs }),
  };
};
