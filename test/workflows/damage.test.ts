import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import { contentKey } from '../../store/blobs.ts';
import type { ExperimentResult } from '../../workflows/types.ts';
import { type Engine, keep, node, output, read, startEngine, until } from './harness.ts';

let engine: Engine;
/** Names of what ran to its end, in order. */
let ran: string[] = [];
const gates = new Map<string, () => void>();

interface Params extends JsonObject {
  name: string;
}

beforeAll(async () => {
  engine = await startEngine({ slots: 2 });
  engine.kind<Params & { from?: ArtifactRef[] }>('test/note', async ({ name, from = [] }, context) => {
    const inputs = await Promise.all(from.map((ref) => read(context.store, ref)));
    ran.push(name);
    return keep(context, { name, saw: inputs.map((input) => input.name as string) });
  });
  engine.kind<Params>('test/gate', async ({ name }, context) => {
    await new Promise<void>((open) => gates.set(name, open));
    return keep(context, { name });
  });
  engine.kind<Params & { from: ArtifactRef[] }>('test/pass', async ({ name, from }) => {
    ran.push(name);
    return { out: from[0] as ArtifactRef };
  });
  engine.kind<Params>('test/never', async ({ name }) => {
    ran.push(name);
    throw new CemiflowError('BlobMissing', 'no blob', { remedy: 'run again', data: { digest: 'sha256:0' } });
  });
  engine.kind<{ total: number; title: string; of: ArtifactRef }>('test/shards', {
    split: async ({ total, of }) => Array.from({ length: total }, (_, from): JsonObject => ({ from, of: { ...of } })),
    runShard: async ({ from, of }: JsonObject, context) => {
      const { name } = await read(context.store, of as never);
      ran.push(`shard ${from}`);
      return keep(context, { value: `${name} ${from}` });
    },
    join: async ({ title }, shards: readonly Outputs[], context) => {
      const values = await Promise.all(shards.map((shard) => read(context.store, shard.out as ArtifactRef)));
      ran.push(title);
      return keep(context, { title, values: values.map(({ value }) => value as string) });
    },
  });
}, 120_000);

afterAll(() => engine?.stop());
beforeEach(() => {
  ran = [];
});

const note = (id: string, from: string[] = []) =>
  node(id, 'test/note', { name: id, ...(from.length > 0 ? { from: from.map(output) } : {}) });
const plan = (experiment: string, ...nodes: Plan['nodes']): Plan => ({ experiment, nodes });
const outOf = (result: ExperimentResult, id: string): ArtifactRef => result.nodes[id]?.outputs.out as ArtifactRef;
const blobOf = async (ref: ArtifactRef): Promise<Digest> =>
  (await engine.store.getArtifact(ref)).files[0]?.digest as Digest;

const spoil = async (ref: ArtifactRef): Promise<void> => {
  await engine.store.objects.put(contentKey('blobs', await blobOf(ref)), Buffer.from('others'), { overwrite: true });
};
/** Flips a bit where the server keeps the object: it still says that it has it. */
const flipOnDisk = (key: string): void => {
  const path = readdirSync(engine.home, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(key))
    .map((name) => join(engine.home, name))
    .find((name) => statSync(name).isFile()) as string;
  const bytes = readFileSync(path);
  bytes[bytes.length - 20] = (bytes.at(-20) as number) ^ 1;
  writeFileSync(path, bytes);
};

test.each([
  ['other bytes stand in its place', spoil],
  [
    'the disk under the server has flipped a bit',
    async (ref: ArtifactRef) => flipOnDisk(contentKey('blobs', await blobOf(ref))),
  ],
])('a damaged blob behind a hit is made anew by its stage, exactly once, where %s', async (how, damage) => {
  const [id, user] = [`base ${how.length}`, `user ${how.length}`];
  const first = await engine.run(plan(id, note(id)));
  const before = await engine.store.getBlob(await blobOf(outOf(first, id)));
  await damage(outOf(first, id));
  ran = [];
  const second = await engine.run(plan(user, note(id), note(user, [id])));
  expect(ran).toEqual([id, user]);
  expect(second.nodes[id]?.outputs).toEqual(first.nodes[id]?.outputs);
  expect(await engine.store.getBlob(await blobOf(outOf(first, id)))).toEqual(before);
  expect(await read(engine.store, outOf(second, user))).toEqual({ name: user, saw: [id] });
});

test('a blob that goes while a run is under way is made anew, though its stage was done', async () => {
  const handle = await engine.start(
    plan('gone', note('a'), node('wait', 'test/gate', { name: 'wait' }), note('b', ['a', 'wait'])),
  );
  const ref = await until(async () => (await engine.progress('gone')).nodes[0]?.outputs?.out);
  await engine.store.objects.remove(contentKey('blobs', await blobOf(ref)));
  (await until(() => gates.get('wait')))();
  const result = (await handle.result()) as ExperimentResult;
  expect(ran).toEqual(['a', 'a', 'b']);
  expect(outOf(result, 'a')).toEqual(ref);
  expect((await engine.store.listRecords(result.nodes.a?.key as never)).length).toBeGreaterThan(0);
});

test.each([
  ['damaged', spoil],
  [
    'left out',
    async (ref: ArtifactRef) => {
      await engine.store.objects.remove(contentKey('blobs', await blobOf(ref)));
      await engine.store.leftOut.add(await blobOf(ref));
    },
  ],
])('what a stage hands on unread is made anew by the stage that made it, where it was %s', async (how, damage) => {
  const name = (id: string): string => `${id} ${how}`;
  const handed = [
    note(name('made')),
    node(name('handed'), 'test/pass', { name: name('handed'), from: [output(name('made'))] }),
  ];
  const first = await engine.run(plan(name('hand'), ...handed));
  await damage(outOf(first, name('made')));
  ran = [];
  const second = await engine.run(plan(name('use'), ...handed, note(name('used'), [name('handed')])));
  expect(new Set(ran)).toEqual(new Set([name('made'), name('handed'), name('used')]));
  expect(await read(engine.store, outOf(second, name('used')))).toMatchObject({ saw: [name('made')] });
});

test('a blob that was left out is made where it is needed, and only then', async () => {
  const chain = [note('far'), note('near', ['far']), note('end', ['near'])];
  const first = await engine.run(plan('whole', ...chain));
  for (const id of ['far', 'near']) {
    const digest = await blobOf(outOf(first, id));
    await engine.store.objects.remove(contentKey('blobs', digest));
    await engine.store.leftOut.add(digest);
  }
  ran = [];
  const second = await engine.run(plan('known', ...chain));
  expect([second.hits, ran]).toEqual([3, []]);
  expect(outOf(second, 'near')).toEqual(outOf(first, 'near'));
  const third = await engine.run(plan('needed', ...chain, note('more', ['near'])));
  // Its maker needs what was left out too.
  expect(ran).toEqual(['far', 'near', 'more']);
  expect(outOf(third, 'near')).toEqual(outOf(first, 'near'));
  expect((await engine.store.leftOut.all()).size).toBe(0);
});

test('a damaged manifest is made anew as well', async () => {
  const handle = await engine.start(
    plan('manifest', note('ma'), node('wait2', 'test/gate', { name: 'wait2' }), note('mb', ['ma', 'wait2'])),
  );
  const ref = await until(async () => (await engine.progress('manifest')).nodes[0]?.outputs?.out);
  const key = contentKey('artifacts', ref.digest);
  await engine.store.objects.put(key, Buffer.from('{}'), { overwrite: true });
  (await until(() => gates.get('wait2')))();
  await handle.result();
  expect(ran).toEqual(['ma', 'ma', 'mb']);
});

test('damage below damage is repaired from the bottom', async () => {
  const first = await engine.run(plan('chain', note('x'), note('y', ['x'])));
  await spoil(outOf(first, 'x'));
  await spoil(outOf(first, 'y'));
  ran = [];
  const second = await engine.run(plan('chain2', note('x'), note('y', ['x']), note('z', ['y'])));
  expect(ran).toEqual(['x', 'y', 'z']);
  expect(outOf(second, 'y')).toEqual(outOf(first, 'y'));
});

test('damage that repairs do not reach ends after three of them, and waits for a person', async () => {
  await engine.start(
    plan('hopeless', note('sound'), node('never', 'test/never', { name: 'never', of: output('sound') })),
  );
  const { nodes } = await engine.untilState('hopeless', 'needs attention');
  expect(nodes[1]?.failure?.code).toBe('BlobMissing');
  expect(ran).toEqual(['sound', 'never', 'never', 'never', 'never']);
  await engine.tell('hopeless', 'abort', {});
});

const parted = (experiment: string, title: string): Plan =>
  plan(
    experiment,
    note('source'),
    node('set', 'test/shards', { total: 3, title, of: output('source') }, { sharded: true }),
  );

test('a damaged shard is made anew alone, and then the shards are joined', async () => {
  await engine.run(parted('parted', 'first'));
  const shards = await engine.client.workflow.getHandle('parted/set').fetchHistory();
  expect(shards.events?.length).toBeGreaterThan(0);
  const spoiled = Buffer.from(JSON.stringify({ value: 'source 1' }));
  const { digest } = await engine.store.putFile('value.json', spoiled, 'application/json');
  await engine.store.objects.put(contentKey('blobs', digest), Buffer.from('others'), { overwrite: true });
  ran = [];
  const result = await engine.run(parted('parted2', 'second'));
  expect(ran).toEqual(['shard 1', 'second']);
  expect(await read(engine.store, outOf(result, 'set'))).toEqual({
    title: 'second',
    values: ['source 0', 'source 1', 'source 2'],
  });
});

test('what shards could not read is made anew before they run', async () => {
  const first = await engine.run(plan('upper', note('upper')));
  await spoil(outOf(first, 'upper'));
  ran = [];
  const set = node('set', 'test/shards', { total: 2, title: 'third', of: output('upper') }, { sharded: true });
  const result = await engine.run(plan('upper2', note('upper'), set));
  expect([ran[0], ...ran.slice(1, 3).sort(), ran[3]]).toEqual(['upper', 'shard 0', 'shard 1', 'third']);
  expect(outOf(result, 'upper')).toEqual(outOf(first, 'upper'));
});
