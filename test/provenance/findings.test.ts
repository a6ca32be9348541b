import { describe, expect, it } from 'vitest';
import { inquiriesCodec, putInquiryRows } from '../../artifacts/codecs/inquiries.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { drawnPeople, namesFile } from '../../artifacts/people.ts';
import { type ActionKey, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type PlanNode, toAction } from '../../core/plan.ts';
import type { InspectionMetrics } from '../../metrics/inspection.ts';
import { datasetCard } from '../../provenance/card.ts';
import { licenceOf } from '../../provenance/export/licence.ts';
import { type Finding, findingsOf } from '../../provenance/findings/index.ts';
import { sourcesOf } from '../../provenance/upstream.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { inspection, putInspection } from '../report/fixture.ts';

const side = 16;
const ref = (id: string, output: string): JsonObject => ({ $node: id, $output: output });
const weights = (name: string): Outputs => ({ weights: { type: 'weights', digest: digestOf(name) } });
const metrics = (name: string): Outputs => ({ metrics: { type: 'metrics', digest: digestOf(name) } });

/** A run in memory, made up node by node. */
class Made {
  readonly store = memoryStore();
  readonly nodes: PlanNode[] = [];
  readonly outputs = new Map<string, Outputs>();
  readonly records = new Map<ActionKey, ActionRecord>();
  readonly keys: { [id: string]: { key: ActionKey } } = {};

  add(id: string, kind: string, params: JsonObject, outputs: Outputs, more: Partial<PlanNode> = {}): this {
    const base = { seed: 7, code: digestOf(kind), resource: 'cpu', sharded: false, outputs: {} } as const;
    const node: PlanNode = { id, stage: id.split('[')[0] as string, kind, matrix: {}, params, ...base, ...more };
    const action = toAction(node, this.outputs);
    this.nodes.push(node);
    this.outputs.set(id, outputs);
    this.keys[id] = { key: actionKey(action) };
    this.records.set(actionKey(action), recordOf(action, outputs));
    return this;
  }

  /** A recognizer that learned from a dataset, scored on benchmarks. */
  scored(data: string, benchmarks: string): this {
    return this.add('student', 'recognizer/train', { data: ref(data, 'data') }, weights('student')).add(
      'verify',
      'evaluate/verification',
      { recognizer: ref('student', 'weights'), benchmarks: ref(benchmarks, 'benchmarks') },
      metrics('verify'),
    );
  }

  /** Images by their colours, an identity each. */
  async images(
    type: 'dataset' | 'benchmarks' | 'inquiries',
    colours: readonly number[],
    meta: JsonObject,
    names?: string[],
  ) {
    const prefix = type === 'benchmarks' ? 'lfw/' : '';
    const writer = new DatasetWriter(this.store, { height: side, width: side, prefix });
    for (const [identity, colour] of colours.entries())
      await writer.add({ identity, image: 0, pixels: new Uint8Array(side * side * 3).fill(colour) });
    const files = await writer.files();
    if (names) files.push(await this.store.putFile(namesFile, Buffer.from(JSON.stringify(names)), 'application/json'));
    const all = { ...writer.counts(), ...(type === 'benchmarks' ? { sets: ['lfw'] } : {}), ...meta };
    return this.store.putArtifact({ type, meta: all, files });
  }

  get lineage(): Lineage {
    const { nodes, records } = this;
    const plan = { experiment: 'made', nodes };
    const run = {
      ...{ id: 'made-0', experiment: 'made', plan, nodes: this.keys },
      ...{ spec: { path: '/made.yaml' }, startedAt: '2026-01-01T00:00:00+00:00' },
    };
    return { run, records, digests: new Map<ActionKey, Digest>() };
  }

  async find(kind: Finding['kind']): Promise<Finding[]> {
    return (await findingsOf(this.lineage, this.store)).filter((each) => each.kind === kind);
  }
}

const people = (first: number, count: number): JsonObject => ({
  people: [drawnPeople(7, 'train', first, count) as unknown as JsonObject],
});

describe('networks from outside', () => {
  const imported = async (trainedOn: string) => {
    const run = new Made();
    const meta = { network: { family: 'recognizer' }, imported: { trainedOn, licence: '' } };
    const elsewhere = { weights: await writeWeights(run.store, {}, meta) };
    run.add('benchmarks', 'data/benchmarks', {}, { benchmarks: await run.images('benchmarks', [1, 2], {}) });
    run.add('faces', 'data/folder', {}, { data: await run.images('dataset', [3, 4], {}) });
    run.scored('faces', 'benchmarks');
    run.add('adaface', 'recognizer/import', {}, elsewhere);
    const benchmarks = ref('benchmarks', 'benchmarks');
    for (const id of ['score', 'score2'])
      run.add(id, 'evaluate/verification', { recognizer: ref('adaface', 'weights'), benchmarks }, metrics(id));
    const judged = { data: ref('faces', 'data'), recognizer: ref('adaface', 'weights') };
    return run.add('privacy', 'evaluate/privacy', judged, metrics('privacy'));
  };

  it('are a warning for every evaluation that depends on them: whom they have seen is not known', async () => {
    const run = await imported('WebFace4M\u0007');
    expect(await run.find('leakage')).toEqual([
      {
        kind: 'leakage',
        severity: 'warning',
        message:
          'what adaface was trained on is not known here (stated: WebFace4M\\u{7}): people that score, score2, privacy take for unseen may have been in it',
        nodes: ['adaface', 'score', 'score2', 'privacy'],
        evidence: { trainedOn: 'WebFace4M\u0007' },
      },
    ]);
    expect((await (await imported('')).find('leakage'))[0]?.message).toContain('(stated: nothing)');
  });
});

describe('programs of users', () => {
  const ran = async (given: string) => {
    const run = new Made();
    run.add('benchmarks', 'data/benchmarks', {}, { benchmarks: await run.images('benchmarks', [1, 2], {}) });
    run.add('faces', 'data/folder', {}, { data: await run.images('dataset', [3, 4], {}) });
    const input = { from: ref(given, given === 'faces' ? 'data' : 'benchmarks') };
    const params = { command: ['python3', 'a.py', 'b\u0007'], inputs: { x: input }, sandbox: false };
    const made = await run.images('dataset', [5, 6], { origin: 'program', peopleShown: 'generated' });
    run.add('mine', 'command/run', params, { data: made });
    return run.scored('mine', 'benchmarks');
  };

  it('are named, with the evaluations that rest on them', async () => {
    const run = await ran('faces');
    expect(await run.find('foreign program')).toEqual([
      {
        kind: 'foreign program',
        severity: 'note',
        message:
          'mine ran a program that is no part of cemiflow (python3 a.py b\\u{7}): what it read besides its inputs is in no record; verify rests on it',
        nodes: ['mine', 'verify'],
        evidence: { command: ['python3', 'a.py', 'b\u0007'], content: null },
      },
    ]);
    expect(await run.find('leakage')).toEqual([]);
    // What its images were generated from is not known either.
    expect((await run.find('real faces')).map(({ nodes }) => nodes)).toContainEqual(['mine']);
  });

  it('may have seen a benchmark that they were given: a warning for the model that depends on them', async () => {
    const [found] = await (await ran('benchmarks')).find('leakage');
    expect(found).toMatchObject({ severity: 'warning', nodes: ['verify', 'mine'] });
    expect(found?.message).toContain("mine, code of a user's own that was given the benchmark");
  });
});

describe('leakage', () => {
  const made = async (
    trained: readonly [colours: number[], meta: JsonObject, names?: string[]],
    tested: typeof trained,
  ) => {
    const run = new Made();
    run.add('faces', 'data/folder', {}, { data: await run.images('dataset', ...trained) });
    run.add('benchmarks', 'data/benchmarks', {}, { benchmarks: await run.images('benchmarks', ...tested) });
    return run.scored('faces', 'benchmarks').find('leakage');
  };

  it('names the dataset, and how many of the benchmark’s people are in it', async () => {
    const [found, ...more] = await made([[1, 2], people(0, 20)], [[3, 4], people(17, 20)]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      severity: 'warning',
      nodes: ['verify', 'faces'],
      evidence: { people: { count: 3, examples: ['3 of drawn/7/train'] }, images: { count: 0 } },
    });
    expect(found?.message).toContain('holds 3 people of the benchmark');
  });

  it('finds people by the names of their folders', async () => {
    const [found] = await made([[1, 2], {}, ['ada', 'bob']], [[3, 4], {}, ['bob', 'eve']]);
    expect(found?.evidence.people).toEqual({ count: 1, examples: ['bob'] });
  });

  it('finds images that are the same, whatever their labels', async () => {
    const [found] = await made([[9, 1, 2], people(0, 3)], [[2, 3], people(50, 2)]);
    expect(found?.evidence.images).toEqual({ count: 1, examples: ['image 0 of identity 2'] });
    expect(found?.message).toContain('holds 1 image of the benchmark');
  });

  it('says nothing of people of another seed or population, and other images', async () => {
    const others = {
      people: [drawnPeople(8, 'train', 0, 20), drawnPeople(7, 'test', 0, 20)] as unknown as JsonObject[],
    };
    expect(await made([[1, 2], people(0, 20)], [[3, 4], others])).toEqual([]);
  });

  it('looks through a generator to the faces that it learned from', async () => {
    const run = new Made();
    run.add('faces', 'data/procedural', {}, { data: await run.images('dataset', [1, 2], people(0, 2)) });
    run.add('benchmarks', 'data/benchmarks', {}, { benchmarks: await run.images('benchmarks', [3, 4], people(1, 2)) });
    run.add('generator', 'diffusion/train', { data: ref('faces', 'data') }, weights('generator'));
    const set = { data: await run.images('dataset', [5, 6], { origin: 'generated' }) };
    run.add('synthetic', 'diffusion/generate', { generator: ref('generator', 'weights') }, set);
    const [found] = await run.scored('synthetic', 'benchmarks').find('leakage');
    expect(found?.nodes).toEqual(['verify', 'faces']);
  });

  /** A set generated by what learned from `faces`, searched among photos by a judge who learned from others. */
  const searched = async (meta: JsonObject, colours = [50, 51], names?: string[]): Promise<Finding[]> => {
    const run = new Made();
    const drawn = (first: number, ...colours: number[]) => run.images('dataset', colours, people(first, 2));
    run.add('faces', 'data/procedural', {}, { data: await drawn(0, 1, 2) });
    run.add('others', 'data/procedural', { identities: 2 }, { data: await drawn(10, 3, 4) });
    run.add('photos', 'data/folder', {}, { data: await run.images('dataset', [5, 6], {}, ['ada', 'bob']) });
    run.add('strangers', 'data/folder', { size: 16 }, { data: await run.images('dataset', colours, meta, names) });
    run.add('generator', 'diffusion/train', { data: ref('faces', 'data') }, weights('generator'));
    const set = { data: await run.images('dataset', [7, 8], { origin: 'generated' }) };
    run.add('synthetic', 'diffusion/generate', { generator: ref('generator', 'weights') }, set);
    run.add('judge', 'recognizer/train', { data: ref('others', 'data') }, weights('judge'));
    const inputs = { data: ref('synthetic', 'data'), real: ref('photos', 'data'), strangers: ref('strangers', 'data') };
    run.add('privacy', 'evaluate/privacy', { ...inputs, recognizer: ref('judge', 'weights') }, metrics('privacy'));
    return run.find('leakage');
  };

  it('names strangers whom the generator or the judge has learned from, or who are in the gallery', async () => {
    const [generator, ...more] = await searched(people(1, 2));
    expect(more).toEqual([]);
    expect(generator).toMatchObject({ severity: 'warning', nodes: ['privacy', 'faces'] });
    expect(generator?.message).toBe(
      'privacy depends on faces, which holds 1 person of its strangers: what they reach in a search is no measure of chance',
    );
    expect((await searched(people(10, 2))).map(({ nodes }) => nodes)).toEqual([['privacy', 'others']]);
    expect((await searched({}, [50, 51], ['bob', 'eve'])).map(({ nodes }) => nodes)).toEqual([['privacy', 'photos']]);
    expect((await searched({}, [50, 8]))[0]?.message).toContain('synthetic, which holds 1 image of its strangers');
  });

  it('says nothing of strangers who are in no other set', async () => {
    expect(await searched(people(20, 2), [50, 51], ['cyd', 'dan'])).toEqual([]);
  });
});

describe('selection', () => {
  const made = async (test: (run: Made, validation: ArtifactRef) => Promise<ArtifactRef>) => {
    const run = new Made();
    const validation = await run.images('benchmarks', [3, 4], people(100, 2));
    run.add('faces', 'data/procedural', {}, { data: await run.images('dataset', [1, 2], people(0, 2)) });
    run.add('validation', 'data/benchmarks', {}, { benchmarks: validation }).scored('faces', 'validation');
    const chosen = { recognizers: [ref('student', 'weights')], metrics: [ref('verify', 'metrics')], by: 'lfw' };
    run.add('chosen', 'recognizer/select', chosen, weights('chosen'));
    run.add('test', 'data/benchmarks', { pairs: 1 }, { benchmarks: await test(run, validation) });
    const last = { recognizer: ref('chosen', 'weights'), benchmarks: ref('test', 'benchmarks') };
    return run.add('final', 'evaluate/verification', last, metrics('final')).find('selection');
  };

  it('warns where the benchmark that chose scores, also under another digest', async () => {
    const expected = [{ severity: 'warning', nodes: ['final', 'chosen', 'verify'] }];
    expect(await made(async (_, validation) => validation)).toMatchObject(expected);
    expect(await made((run) => run.images('benchmarks', [4, 5], {}))).toMatchObject(expected);
    expect(await made((run) => run.images('benchmarks', [7, 8], people(101, 9)))).toMatchObject(expected);
  });

  it('says nothing where others chose than score', async () => {
    expect(await made((run) => run.images('benchmarks', [7, 8], people(200, 2)))).toEqual([]);
  });

  /** A recognizer with validation on people 100 and 101, scored on the people of `test`, or on validation itself. */
  const validated = async (keep: 'best' | 'last' | 'plateau', test?: JsonObject, through?: 'select') => {
    const run = new Made();
    const validation = await run.images('benchmarks', [3, 4], people(100, 2));
    run.add('faces', 'data/procedural', {}, { data: await run.images('dataset', [1, 2], people(0, 2)) });
    run.add('validation', 'data/benchmarks', {}, { benchmarks: validation });
    const chosen = { epoch: 3, accuracy: 0.9, by: validation.digest };
    const network = { family: 'recognizer' };
    const scheduled = { by: validation.digest };
    const went: JsonObject = keep === 'best' ? { chosen } : keep === 'plateau' ? { scheduled } : {};
    const made = await writeWeights(run.store, {}, { network, ...went });
    const params = { data: ref('faces', 'data'), validation: ref('validation', 'benchmarks'), keep };
    run.add('student', 'recognizer/train', params, { weights: made });
    if (through) run.add('taken', 'recognizer/select', { recognizers: [ref('student', 'weights')] }, weights('taken'));
    const benchmarks = test ? await run.images('benchmarks', [7, 8], test) : validation;
    run.add('test', 'data/benchmarks', { pairs: 1 }, { benchmarks });
    const scored = { recognizer: ref(through ? 'taken' : 'student', 'weights'), benchmarks: ref('test', 'benchmarks') };
    return run.add('final', 'evaluate/verification', scored, metrics('final')).find('selection');
  };

  it('warns where the benchmark that chose the epoch scores, or one with the same people', async () => {
    for (const test of [undefined, people(101, 9)]) {
      const found = await validated('best', test);
      expect(found).toMatchObject([{ severity: 'warning', nodes: ['final', 'student'] }]);
      expect(found[0]?.message).toBe(
        'final scores student on a benchmark that it was chosen by: its epoch was chosen there',
      );
    }
    const [steered] = await validated('plateau');
    expect(steered?.message).toBe(
      'final scores student on a benchmark that it was chosen by: its learning rate followed what it reached there',
    );
    const [through] = await validated('best', undefined, 'select');
    expect(through).toMatchObject({ nodes: ['final', 'taken', 'student'] });
    expect(through?.message).toMatch(/: it depends on student$/);
  });

  it('says nothing where validation shows other people, or chose nothing', async () => {
    expect(await validated('best', people(200, 2))).toEqual([]);
    expect(await validated('last')).toEqual([]);
  });
});

describe('seeds', () => {
  it('names repetitions that are one action, and none that have seeds of their own', async () => {
    const run = new Made().add('faces', 'data/procedural', {}, {});
    for (const repeat of [1, 2])
      run.add(`again[repeat=${repeat}]`, 'recognizer/train', {}, weights('again'), { matrix: { repeat } });
    for (const seed of [1, 2])
      run.add(`other[seed=${seed}]`, 'recognizer/train', {}, weights(`other ${seed}`), { matrix: { seed }, seed });
    const found = await run.find('seeds');
    expect(found.map(({ nodes }) => nodes)).toEqual([['again[repeat=1]', 'again[repeat=2]']]);
  });

  it('names repetitions of which some are one action', async () => {
    const run = new Made();
    for (const [repeat, lr] of [
      [1, 0.2],
      [2, 0.1],
      [3, 0.1],
    ] as const)
      run.add(`some[repeat=${repeat}]`, 'recognizer/train', { lr }, weights(`some ${lr}`), { matrix: { repeat } });
    const [found] = await run.find('seeds');
    expect(found?.nodes).toEqual(expect.arrayContaining(['some[repeat=2]', 'some[repeat=3]']));
  });

  const judged = (seed: number, params: JsonObject = { lr: 1 }): Promise<Finding[]> => {
    const run = new Made();
    const network = { preset: 'small' };
    run.add('teacher', 'recognizer/train', { network }, weights('teacher'));
    run.add('judge', 'recognizer/train', { network, ...params }, weights('judge'), { seed });
    run.add('generator', 'diffusion/train', { recognizer: ref('teacher', 'weights') }, weights('generator'));
    run.add('synthetic', 'diffusion/generate', { generator: ref('generator', 'weights') }, {});
    const asked = { data: ref('synthetic', 'data'), recognizer: ref('judge', 'weights') };
    run.outputs.set('synthetic', { data: { type: 'dataset', digest: digestOf('synthetic') } });
    run.add('similarity', 'evaluate/similarity', asked, metrics('similarity'));
    return run.find('seeds');
  };

  it('warns of a judge that began from the weights of the generator’s own recognizer', async () => {
    expect(await judged(7)).toMatchObject([{ nodes: ['judge', 'teacher'] }]);
    expect(await judged(8)).toEqual([]);
    // The same action under another name is no second network.
    expect(await judged(7, {})).toEqual([]);
  });
});

describe('not reproducible', () => {
  it('names the machines of two results under one key', async () => {
    const run = new Made().add('student', 'recognizer/train', {}, weights('one'));
    const [first] = [...run.records.values()] as [ActionRecord];
    await run.store.putRecord(first);
    expect(await run.find('not reproducible')).toEqual([]);
    const machine = { ...first.machine, host: 'elsewhere' };
    await run.store.putRecord({ ...first, outputs: weights('two'), machine });
    const [found] = await run.find('not reproducible');
    expect(found?.nodes).toEqual(['student']);
    expect(found?.message).toMatch(/on host .*elsewhere/);
  });

  it('remembers for adopted work what its old key gave', async () => {
    const run = new Made().add('student', 'recognizer/train', {}, weights('one'));
    const [now] = [...run.records.values()] as [ActionRecord];
    const action = { ...now.action, code: digestOf('older code') };
    const old = recordOf(action, weights('one'));
    run.records.set(now.key, { ...now, adopted: { key: old.key, action, statements: [] } });
    await run.store.putRecord(old);
    expect(await run.find('not reproducible')).toEqual([]);
    await run.store.putRecord({ ...old, outputs: weights('two') });
    expect(await run.find('not reproducible')).toMatchObject([{ nodes: ['student'] }]);
  });
});

describe('real faces, and the card of a set', () => {
  const made = async (meta: JsonObject, kind = 'data/folder') => {
    const run = new Made();
    run.add('photos', kind, {}, { data: await run.images('dataset', [1, 2], meta) });
    const inquiries = { inquiries: await run.images('inquiries', [1, 2], { embeddingSize: 2, maxSimilarity: 0.3 }) };
    run.add('inquiries', 'inquiry/select', { data: ref('photos', 'data') }, inquiries);
    const set = { data: await run.images('dataset', [5, 6], { origin: 'generated', m: 0.5, oversample: 2 }) };
    return run.add('synthetic', 'diffusion/generate', { inquiries: ref('inquiries', 'inquiries'), steps: 20 }, set);
  };
  const photo = (licence: string, consent: string) => ({ origin: 'folder', faces: 'real', licence, consent });

  it('warns where licence or consent is not stated, and is a note where both are', async () => {
    expect(await (await made(photo('CC0-1.0', ''))).find('real faces')).toMatchObject([
      { severity: 'warning', nodes: ['photos', 'synthetic'], evidence: { licence: 'CC0-1.0', consent: '' } },
    ]);
    const [stated] = await (await made(photo('CC0-1.0', 'in writing'))).find('real faces');
    expect(stated).toMatchObject({ severity: 'note', message: expect.stringContaining('consent: in writing') });
  });

  it('notes that none is upstream where all faces are drawn', async () => {
    const run = await made({ origin: 'procedural' }, 'data/procedural');
    const [note] = await run.find('real faces');
    expect(note).toMatchObject({ severity: 'note', nodes: ['synthetic'] });
    expect(note?.message).toBe('no photo of a person who exists is upstream of synthetic');
    const card = await datasetCard(run.lineage, 'synthetic', run.store);
    expect(card).toContain('No photo of a person who exists is upstream.');
  });

  it('say of imported synthetic faces that what their generator learned from is not known', async () => {
    const run = await made({ origin: 'folder', faces: 'synthetic' });
    const found = await run.find('real faces');
    expect(found).toMatchObject([{ severity: 'warning', nodes: ['photos', 'synthetic'] }]);
    expect(found[0]?.message).toMatch(
      /^what the generator of photos learned from is not known; photos is upstream of synthetic;/,
    );
    const card = await datasetCard(run.lineage, 'synthetic', run.store);
    expect(card).toContain('What the generator of photos learned from is not known.');
    expect(card).not.toContain('exists is upstream.');
  });

  it('believe a generated set that says that it shows real people', async () => {
    const run = new Made();
    run.add('faces', 'data/procedural', {}, { data: await run.images('dataset', [1, 2], { origin: 'procedural' }) });
    const set = { data: await run.images('dataset', [5, 6], { origin: 'generated', peopleShown: 'real' }) };
    run.add('synthetic', 'diffusion/generate', { inquiries: ref('faces', 'data') }, set);
    const [found] = await run.find('real faces');
    expect(found).toMatchObject({ severity: 'warning', nodes: ['synthetic'] });
    expect(found?.message).toMatch(/^synthetic shows people who exist; licence: not stated/);
    expect(await datasetCard(run.lineage, 'synthetic', run.store)).toContain('Faces of people who exist are upstream');
  });

  it('count a part of a set as that set, unless it says that it shows real people', async () => {
    const run = new Made();
    run.add('faces', 'data/procedural', {}, { data: await run.images('dataset', [1, 2], { origin: 'procedural' }) });
    const part = { origin: 'procedural', subset: { identities: 1 } };
    run.add('part', 'data/subset', { data: ref('faces', 'data') }, { data: await run.images('dataset', [1], part) });
    run.add('generator', 'diffusion/train', { data: ref('part', 'data') }, weights('generator'));
    const made = { data: await run.images('dataset', [5, 6], { origin: 'generated' }) };
    run.add('synthetic', 'diffusion/generate', { generator: ref('generator', 'weights') }, made);
    const half = { data: await run.images('dataset', [5], { origin: 'generated' }) };
    run.add('half', 'data/subset', { data: ref('synthetic', 'data') }, half);
    const nodes = async (id: string) => (await sourcesOf(run.lineage, id, run.store)).map(({ node }) => node);
    expect(await nodes('synthetic')).toEqual(['faces']);
    expect(await nodes('half')).toEqual(['faces']);
    const [note] = await run.find('real faces');
    expect(note?.message).toBe('no photo of a person who exists is upstream of synthetic');

    const real = { data: await run.images('dataset', [9], { peopleShown: 'real' }) };
    run.add('strange', 'data/subset', { data: ref('faces', 'data') }, real);
    expect(await nodes('strange')).toEqual(['faces', 'strange']);
  });

  it.each([
    ['centers', 'around one identity center, a vector without an image.'],
    ['random', 'around one random vector, which has no image.'],
  ] as const)('say what identities were made around where that is no image: %s', async (origin, wanted) => {
    const run = new Made();
    const rows = { count: 1, embeddingSize: 2, embeddings: Float32Array.of(1, 0) };
    const numbers = { identities: Int32Array.of(0), images: Int32Array.of(0) };
    const inquiries = await inquiriesCodec.write(
      run.store,
      { identities: 1, images: 0, embeddingSize: 2, origin, recognizer: digestOf('r') },
      await putInquiryRows(run.store, { ...rows, ...numbers }),
    );
    run.add('vectors', `inquiry/${origin}`, {}, { inquiries });
    const set = { data: await run.images('dataset', [5, 6], { origin: 'generated' }) };
    run.add('synthetic', 'diffusion/generate', { inquiries: ref('vectors', 'inquiries') }, set);
    const card = await datasetCard(run.lineage, 'synthetic', run.store);
    expect(card).toContain(wanted);
    expect(card).not.toContain('inquiry image');
  });

  it('say of a generated set that depends on nothing of the run that its origin is not known', async () => {
    const run = new Made();
    const set = { data: await run.images('dataset', [5, 6], { origin: 'generated' }) };
    run.add('synthetic', 'diffusion/generate', {}, set);
    const [found] = await run.find('real faces');
    expect(found?.message).toMatch(/^what the generator of synthetic learned from is not known/);
  });

  it('tells in the card of photos among the images, of their licence, and that privacy was not measured', async () => {
    const run = await made(photo('CC BY | 4.0', ''));
    const card = await datasetCard(run.lineage, 'synthetic', run.store);
    expect(card).toContain('2 face images of 2 synthetic identities, 16 × 16 pixels');
    expect(card).toContain('its inquiry image itself, 2 times, added by oversampling: a photo of a person who exists');
    expect(card).toContain('| photos | 2 | 2 | of people who exist | CC BY \\| 4.0 | not stated | not stated |');
    expect(card).toContain('Not measured in this run: no stage looked for');
    expect(card).toContain(`cemiflow trace ${run.outputs.get('synthetic')?.data?.digest}`);
  });

  it('take for real what an unknown kind made, or a known one does not state', async () => {
    for (const [kind, meta] of [
      ['data/recordio', { origin: 'recordio' }],
      ['data/recordio', {}],
      ['data/folder', { origin: 'elsewhere' }],
    ] as const) {
      const run = await made(meta, kind);
      const [found] = await run.find('real faces');
      expect(found).toMatchObject({ severity: 'warning', nodes: ['photos', 'synthetic'] });
      expect(found?.message).toContain('licence: not stated');
      const card = await datasetCard(run.lineage, 'synthetic', run.store);
      expect(card).toContain('| photos | 2 | 2 | of people who exist | not stated | not stated |');
      expect(card).toContain('Faces of people who exist are upstream');
      expect((await licenceOf(run.lineage, run.store)).description).toContain(
        'Nothing is stated for the photos of photos',
      );
    }
  });

  it('believe an unknown kind that states whom its images show', async () => {
    const run = await made({ origin: 'recordio', peopleShown: 'drawn' }, 'data/recordio');
    expect((await run.find('real faces'))[0]?.message).toMatch(/^no photo of a person who exists/);
  });

  it('look at generated sets of unknown kinds, and warn that the kind is not known', async () => {
    const run = new Made();
    run.add('photos', 'data/recordio', {}, { images: await run.images('dataset', [1, 2], {}) });
    const set = { made: await run.images('dataset', [5, 6], { peopleShown: 'generated' }) };
    run.add('synthetic', 'gan/sample', { from: ref('photos', 'images') }, set);
    // What an unknown kind made its images from is unknown as well.
    expect(await run.find('real faces')).toMatchObject([
      { severity: 'warning', nodes: ['photos', 'synthetic'] },
      { severity: 'warning', nodes: ['synthetic'] },
    ]);
    expect(await run.find('unknown stages')).toMatchObject([
      { nodes: ['photos', 'synthetic'], evidence: { kinds: ['data/recordio', 'gan/sample'] } },
    ]);
  });

  it('warn of a network that was made elsewhere: nobody knows whom it has seen', async () => {
    const run = await made({ origin: 'procedural' }, 'data/procedural');
    run.add('imported', 'weights/import', {}, weights('imported'));
    const set = { data: await run.images('dataset', [7, 8], { origin: 'generated' }) };
    run.add('other', 'diffusion/generate', { generator: ref('imported', 'weights') }, set);
    expect((await run.find('real faces')).map(({ nodes }) => nodes)).toEqual([['imported', 'other']]);
  });

  it('know licence, source and consent that benchmarks state', async () => {
    const run = new Made();
    const stated = { peopleShown: 'real', licence: 'LFW terms', source: 'vis-www', consent: 'none' };
    run.add('lfw', 'data/import-benchmarks', {}, { benchmarks: await run.images('benchmarks', [1, 2], stated) });
    const set = { data: await run.images('dataset', [5, 6], { origin: 'generated' }) };
    run.add('synthetic', 'diffusion/generate', { inquiries: ref('lfw', 'benchmarks') }, set);
    const [found] = await run.find('real faces');
    expect(found).toMatchObject({ severity: 'note', evidence: { licence: 'LFW terms', consent: 'none' } });
    expect(await datasetCard(run.lineage, 'synthetic', run.store)).toContain(
      '| lfw | – | – | of people who exist | LFW terms | vis-www | none |',
    );
  });

  it('are a warning that nothing could be looked for where a set is damaged', async () => {
    const run = await made({ origin: 'folder', faces: 'real', width: 'wide' });
    const [found] = await run.find('real faces');
    expect(found).toMatchObject({ severity: 'warning', evidence: { code: 'ArtifactInvalid' } });
    expect(found?.message).toMatch(/could not look for real faces: dataset sha256:\w+: meta\.width must be/);
  });

  it.each([
    [{ m: -0.5 }, 'inquiry image, asked for a cosine similarity of m = −0.5 to it.'],
    [
      { mixture: { among: [0, 0.5, 0.9] } },
      'inquiry image, its images asked in turn for a cosine similarity of m = 0, 0.5, 0.9 to it.',
    ],
    [
      { mixture: { lowest: -0.1, highest: 0.1 } },
      'inquiry image, each image asked for a cosine similarity m to it, drawn uniformly from −0.1 to 0.1.',
    ],
    [{ grid: { m: [0, 1] } }, 'inquiry image.'],
  ])('tells in the card which m the generator was asked for: %j', async (asked, text) => {
    const run = new Made();
    const chosen = { maxSimilarity: 0.3, embeddingSize: 4 };
    run.add('inquiries', 'inquiry/select', {}, { inquiries: await run.images('inquiries', [1], chosen) });
    const set = { data: await run.images('dataset', [5], { origin: 'generated', ...asked }) };
    run.add('synthetic', 'diffusion/generate', { inquiries: ref('inquiries', 'inquiries') }, set);
    expect(await datasetCard(run.lineage, 'synthetic', run.store)).toContain(
      `Each identity was made around one ${text}`,
    );
  });

  it('has no card for what was not generated', async () => {
    const run = await made(photo('', ''));
    await expect(datasetCard(run.lineage, 'photos', run.store)).rejects.toMatchObject({
      code: 'CardInvalid',
      remedy: expect.stringContaining('synthetic'),
    });
  });
});

describe('sets that came in', () => {
  const red = '\u001b[31m';
  const facts = {
    ...{ origin: 'import', format: 'recordio', peopleShown: 'real', licence: 'CC BY 4.0', source: `web${red}` },
    skipped: { count: 7, files: [`a${red}.jpg`, 'b.jpg', 'c', 'd', 'e', 'f'] },
    transparent: 2,
    duplicates: {
      ...{ bytes: 3, pixels: 4, acrossIdentities: 2, identityPairs: 6 },
      pairs: [{ left: 'ash', right: `ash2${red}`, images: 2 }],
    },
    similarNames: { count: 1, groups: [['jos\u00e9', 'jose\u0301']] },
  };
  const found = async (meta: JsonObject): Promise<Finding[]> => {
    const run = new Made();
    run.add('photos', 'data/import', {}, { data: await run.images('dataset', [1, 2], meta) });
    return findingsOf(run.lineage, run.store);
  };

  it('say whom they show, licence, source, consent and what was left out', async () => {
    const all = await found(facts);
    const note = all.find(({ kind, severity }) => kind === 'sets' && severity === 'note');
    expect(note?.message).toBe(
      'photos came in as recordio: 2 images of 2 identities, people who exist; licence: CC BY 4.0; source: web\\u{1b}[31m; consent: not stated; 7 files left out: "a\\u{1b}[31m.jpg", "b.jpg", "c", "d", "e", and 2 more; 2 images with transparent pixels, which are read as black',
    );
    expect(note?.evidence).toMatchObject({ licence: 'CC BY 4.0', consent: '', peopleShown: 'real', skipped: 7 });
    expect((await found({ peopleShown: 'drawn' })).map(({ message }) => message)).toEqual([
      'photos came in: 2 images of 2 identities, people drawn by a program; licence: not stated; source: not stated; consent: not stated',
    ]);
  });

  it('are warned of where one photo is under two identities, by both names', async () => {
    const all = await found(facts);
    expect(all.filter(({ kind }) => kind === 'duplicates')).toMatchObject([
      {
        severity: 'warning',
        message: 'photos holds the same photo under two identities: "ash" and "ash2\\u{1b}[31m" (2 images); and 5 more',
        evidence: { acrossIdentities: 2, identityPairs: 6 },
      },
      { severity: 'note', message: expect.stringContaining('4 images more than once: 3 with equal bytes, 1 with') },
    ]);
  });

  it('are warned of where names are alike, written so that they differ', async () => {
    const warning = (await found(facts)).find(({ kind, severity }) => kind === 'sets' && severity === 'warning');
    expect(warning?.message).toMatch(/: "jos\u00e9" and "jose\\u\{301\}"$/);
  });
});

describe('inspections', () => {
  const looked = async (
    other: Partial<InspectionMetrics['others'][number]>,
    shown = 'generated',
    facts: JsonObject = {},
  ): Promise<Finding[]> => {
    const run = new Made();
    const set = { data: await run.images('dataset', [5, 6], { origin: 'import', peopleShown: shown, ...facts }) };
    run.add('synthetic', 'diffusion/generate', {}, set);
    const whole = inspection(1);
    const metrics = { ...whole, others: whole.others.map((each) => ({ ...each, ...other })) };
    const outputs = { metrics: await putInspection(run.store, metrics), scores: set.data };
    run.add('look', 'data/inspect', { data: ref('synthetic', 'data'), others: [] }, outputs);
    return findingsOf(run.lineage, run.store);
  };

  it('warn of people and photos of a benchmark in a generated set, by both names', async () => {
    const leaks = (await looked({})).filter(({ kind }) => kind === 'leakage');
    expect(leaks.map(({ message, nodes, severity }) => [severity, nodes, message])).toEqual([
      [
        'warning',
        ['look', 'synthetic'],
        'synthetic holds 1 image of benchmarks, lfw, by look: "ash" and "ash2" (1 image): accuracy there of what is trained on synthetic is no measure of unseen people',
      ],
      [
        'warning',
        ['look', 'synthetic'],
        'synthetic may show people of benchmarks, lfw, by look: 2 identities in 1 pair above a cosine of 0.500: "ash" and "ash2" (0.750): accuracy there of what is trained on synthetic is no measure of unseen people',
      ],
    ]);
  });

  it('warn of a generated set that repeats its real set, and only a benchmark makes accuracy worthless', async () => {
    const real = { type: 'dataset', label: 'real' } as const;
    const [leak] = (await looked(real)).filter(({ kind }) => kind === 'leakage');
    expect(leak?.message).toContain('synthetic may repeat people instead of making new ones');
    const [other] = (await looked(real, 'drawn')).filter(({ kind }) => kind === 'leakage');
    expect(other?.message).toMatch(/\(1 image\)$/);
  });

  it('warn of one photo or person under two names, and note identities with few images', async () => {
    const all = await looked({ pixels: 0, samePerson: { identities: 0, pairs: 0, listed: [] } });
    expect(all.filter(({ kind }) => kind === 'leakage')).toEqual([]);
    const of = (kind: Finding['kind']) => all.filter((each) => each.kind === kind).map(({ message }) => message);
    expect(of('duplicates')).toEqual([
      'synthetic holds the same photo under two identities, by look: "ash" and "ash2" (1 image)',
    ]);
    const counts = { bytes: 0, pixels: 1, acrossIdentities: 2, identityPairs: 1 };
    const stated = { duplicates: { ...counts, pairs: [{ left: 'ash', right: 'ash2', images: 1 }] } };
    // The finding of the set's own manifest has it already.
    expect((await looked({}, 'generated', stated)).filter(({ kind }) => kind === 'duplicates')).toEqual([]);
    expect(of('same person')).toEqual([
      'synthetic may show one person under two names, by look: 1 pair of identities above a cosine of 0.500: "ash" and "ash2" (0.750)',
    ]);
    expect(of('sets')).toEqual([
      'synthetic has 1 identity with fewer than 2 images: "lone" has 1; 1 identity without any image: "nobody"',
    ]);
  });
});
