import type { ActionRecord, Outputs } from '../../core/action.ts';
import { type ArtifactManifest, type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { type Digest, hexOf } from '../../core/digest.ts';
import type { Replayed, ReplayJob } from '../../engine/replay/job.ts';
import type { Flaw, Store } from '../../store/index.ts';
import { cannot, type Records, type Repair, type RepairTools, repaired } from './outcome.ts';

/** Does the actions again whose outputs are at fault. */
export const byComputing = async (flaws: readonly Flaw[], records: Records, tools: RepairTools): Promise<Repair[]> => {
  const { store, rebuild, tell } = tools;
  const makers = await makersOf(flaws, records, store);
  const jobs = [...new Map([...makers.values()].map((job) => [job.name, job])).values()];
  // What cannot be made again stays as it is: damaged bytes are better than none.
  const answers = new Map<string, Replayed>();
  for await (const replayed of rebuild(inOrder(jobs, records))) {
    tell(`${replayed.name}: ${replayed.verdict} (${replayed.seconds.toFixed(1)} s)`);
    answers.set(replayed.name, replayed);
  }
  return Promise.all(
    flaws.map(async (flaw): Promise<Repair> => {
      const name = makers.get(flaw)?.name;
      if (name === undefined) return cannot(flaw, 'no record of the store says how it was made');
      const { verdict, why } = answers.get(name) ?? { verdict: 'cannot', why: 'it was not done' };
      if (verdict !== 'same') return cannot(flaw, `${name} done again: ${verdict}${why ? `, ${why}` : ''}`);
      return (await isSound(store, flaw))
        ? repaired(flaw, `${name} was done again`)
        : cannot(flaw, `${name} was done again, and did not make it`);
    }),
  );
};

/** Inputs were made before what took them; what parts were given, before the first of them ended. */
const inOrder = (jobs: readonly ReplayJob[], records: Records): ReplayJob[] => {
  const readyAt = ({ record, cut }: ReplayJob): string => {
    const parts = cut ? (record.parts ?? []) : [];
    const times = parts.flatMap((key) => records.get(key)?.[0]?.startedAt ?? []);
    return [...times, record.endedAt].sort()[0] as string;
  };
  return [...jobs].sort((a, b) => (readyAt(a) < readyAt(b) ? -1 : 1));
};

const digestOf = ({ key }: Flaw): Digest => `sha256:${key.split('/').slice(2).join('')}`;

const isSound = async (store: Store, flaw: Flaw): Promise<boolean> => {
  const read = await store.objects.getHashed(flaw.key).catch(() => undefined);
  return read?.digest === digestOf(flaw);
};

/** What makes each object: an action, of a part before a whole; or the cutting of a stage, for what parts were given. */
const makersOf = async (
  flaws: readonly Flaw[],
  records: Records,
  store: Store,
): Promise<ReadonlyMap<Flaw, ReplayJob>> => {
  // Adopted work has records of several codes: the latest is the one that a checkout most likely has.
  const adoptions = ({ adopted }: ActionRecord): number => adopted?.statements.length ?? 0;
  const all = [...records.values()]
    .flat()
    .sort((a, b) => Number(isPart(b)) - Number(isPart(a)) || adoptions(b) - adoptions(a));
  const wanted = new Set(flaws.map(digestOf));
  const makers = new Map<Digest, ReplayJob>();
  const take = async (ref: ArtifactRef, job: ReplayJob): Promise<void> => {
    const files = (await manifestOf(store, ref))?.files ?? [];
    for (const digest of [ref.digest, ...files.map((file) => file.digest)])
      if (wanted.has(digest) && !makers.has(digest)) makers.set(digest, job);
  };
  for (const record of all) for (const ref of Object.values(record.outputs)) await take(ref, jobOf(record, records));
  for (const record of all)
    for (const part of record.parts?.flatMap((key) => records.get(key)?.[0] ?? []) ?? [])
      for (const ref of artifactRefsIn(part.action.params)) await take(ref, cutOf(record));
  return new Map(
    flaws.flatMap((flaw) => {
      const job = makers.get(digestOf(flaw));
      return job ? [[flaw, job] as const] : [];
    }),
  );
};

const isPart = ({ action }: ActionRecord): boolean => action.kind.endsWith('#part');

const manifestOf = (store: Store, ref: ArtifactRef): Promise<ArtifactManifest | undefined> =>
  store.getArtifact(ref).catch(() => undefined);

const jobOf = (record: ActionRecord, records: Records): ReplayJob => {
  const outputs = record.parts?.flatMap((key): Outputs[] => {
    const part = records.get(key)?.[0];
    return part ? [part.outputs] : [];
  });
  return { name: nameOf(record), record, ...(outputs && { shards: outputs }) };
};

const cutOf = (record: ActionRecord): ReplayJob => ({
  name: `${nameOf(record)}, split into shards`,
  record,
  cut: true,
});

const nameOf = ({ action, key }: ActionRecord): string => `${action.kind} ${hexOf(key).slice(0, 12)}`;
