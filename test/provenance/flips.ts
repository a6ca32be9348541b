import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runningEndpoints } from '../../services/index.ts';
import { pathsOf } from '../../services/paths.ts';
import { openStore } from '../../store/index.ts';
import { call } from '../cli/helpers.ts';
import { chooseFlips, flip, flipFile } from './damage.ts';

/**
 * Turns random bits over in the objects of a run, one at a time, and asks whether the audit and fsck find it and whether
 * fsck --repair gives the same bytes: node --import tsx test/provenance/flips.ts --home DIR --run RUN --flips 100 --seed 1
 * --on says where: through the server's interface, so that it knows nothing of it, in its files on the disk, or in turn.
 */
const { values } = parseArgs({
  options: {
    home: { type: 'string', default: '' },
    run: { type: 'string', default: '' },
    flips: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    on: { type: 'string', default: 'both' },
  },
});
const { home, run, flips, seed, on } = values;
if (!['interface', 'disk', 'both'].includes(on)) throw new Error(`--on must be interface, disk or both, got ${on}`);
const endpoints = await runningEndpoints({ home, env: process.env });
if (!endpoints) throw new Error('the services of this home do not run');
const store = await openStore(endpoints.s3);
const all = (await store.objects.list('')).filter((key) => !/^(nodes|gc)\//.test(key));
// Repairs forget damaged checkpoints: they are put back, for those that come after.
const kept = new Map<string, Buffer>();
for (const key of all.filter((each) => each.startsWith('checkpoints/')))
  kept.set(key, (await store.objects.get(key)) as Buffer);

const tally: { [kind: string]: { tried: number; audit: number; fsck: number; repaired: number; why: string[] } } = {};
const bucketFolder = join(pathsOf(home).minioData, endpoints.s3.bucket);
for (const [i, each] of (await chooseFlips(store, all, Number(flips), Number(seed))).entries()) {
  const onDisk = on === 'disk' || (on === 'both' && i % 2 === 1);
  const before = onDisk ? await flipFile(store, bucketFolder, each) : await flip(store, each);
  const own = tally[each.kind] ?? { tried: 0, audit: 0, fsck: 0, repaired: 0, why: [] };
  tally[each.kind] = own;
  own.tried += 1;
  const audited = await call(['audit', run, '--json'], home);
  if ((audited.code ?? 0) & 1) own.audit += 1;
  else own.why.push(`audit of ${each.key} at ${each.byte}.${each.bit}: ${audited.code} ${audited.err.slice(-300)}`);
  const found = JSON.parse((await call(['fsck', '--json'], home)).out) as { flaws: { key: string }[] };
  if (found.flaws.some(({ key }) => key === each.key)) own.fsck += 1;
  else own.why.push(`fsck of ${each.key} at ${each.byte}.${each.bit}`);
  const repaired = await call(['fsck', '--repair'], home);
  // What was not repaired may be unreadable still.
  const after = await store.objects.get(each.key).catch(() => undefined);
  // Neither a run's document nor checkpoints are named by a digest: what counts is that fsck is content again.
  const free = each.kind === 'run' || each.kind === 'checkpoint';
  const content = free && (await call(['fsck'], home)).code === 0;
  if (after?.equals(before) || content) own.repaired += 1;
  else own.why.push(`repair of ${each.key}: ${repaired.out.split('\n').slice(-3).join(' ')}`);
  await store.objects.put(each.key, before, { overwrite: true });
  if (each.kind === 'checkpoint')
    for (const [key, bytes] of kept) await store.objects.put(key, bytes, { overwrite: true });
  console.log(onDisk ? 'disk' : 'interface', JSON.stringify(each), JSON.stringify(tally[each.kind]));
}
console.log(JSON.stringify(tally, null, 2));
process.exit();
