import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { lineageOf } from '../../client/lineage.ts';
import { findRun } from '../../client/runs.ts';
import type { ActionKey } from '../../core/action.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { type Digest, hexOf } from '../../core/digest.ts';
import { type Lineage, madeNodes } from '../../core/lineage.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { datasetCard } from '../../provenance/card.ts';
import { endsInData } from '../../provenance/trace/chain.ts';
import { chainOfNumber, numbersOf } from '../../provenance/trace/numbers.ts';
import type { Printed } from '../../report/printed.ts';
import { contentKey } from '../../store/blobs.ts';
import { kindOf } from '../../store/fsck.ts';
import { openStore, type Store } from '../../store/index.ts';
import { type CliResult, call, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { chooseFlips, editDigit, flip, remember } from '../provenance/damage.ts';
import { betterMetrics, betterScores, forge } from '../provenance/forge.ts';

/** A real run with one mistake of each kind, as an auditor meets it. */
let services: TestServices;
let store: Store;
let lineage: Lineage;
let restore: () => Promise<void>;
const out = emptyFolder();
const page = join(out, 'report.html');

const audit = async (...args: string[]): Promise<CliResult & { readonly result: AuditResult }> => {
  const told = await call(['audit', ...args, '--json'], services.home);
  return { ...told, result: told.out ? JSON.parse(told.out) : undefined };
};

beforeAll(async () => {
  services = await startServices();
  store = await openStore(services.endpoints.s3);
  const checkpoints = ['--keep-checkpoints', '--checkpoint-steps', '4'];
  const spec = join(root, 'test/provenance/experiment.yaml');
  const made = await cli(['run', spec, ...checkpoints, '--out', out], { home: services.home });
  expect(made.code, made.err).toBe(0);
  lineage = await lineageOf(store, await findRun(store, 'audited'));
  restore = await remember(store);
}, 600_000);

afterAll(() => services?.stop());

describe('an untouched run', () => {
  let audited: Awaited<ReturnType<typeof audit>>;
  beforeAll(async () => {
    audited = await audit('audited');
  }, 120_000);

  it('holds in every byte, link and number, those of nearest real identities among them', () => {
    expect(audited.code).toBe(0);
    const { checks, problems } = audited.result;
    expect(problems).toEqual([]);
    expect(checks.every(({ held, of }) => held === of)).toBe(true);
    expect(checks.find(({ what }) => what === '… from nearest real identities')?.of).toBe(12);
  });

  it('has a chain down to raw data for every number of its report, and the audit has each of them again', async () => {
    const numbers = await numbersOf(lineage, store);
    const own = numbers.filter(({ quoted }) => !quoted);
    expect(own.length).toBeGreaterThan(40);
    for (const number of own) expect(endsInData(chainOfNumber(lineage, number).chain), number.id).toBe(true);
    const recomputed = audited.result.checks.find(({ what }) => what === 'numbers recomputed');
    expect(recomputed).toEqual({ what: 'numbers recomputed', held: own.length, of: own.length });
  });

  it('shows training on people of a benchmark, an epoch chosen by one, and one seed for repetitions', () => {
    const { findings } = audited.result;
    expect(findings.map(({ kind, nodes }) => ({ kind, nodes }))).toEqual([
      { kind: 'leakage', nodes: ['verify_leaky', 'faces'] },
      { kind: 'selection', nodes: ['verify_chosen', 'chosen', 'verify[epochs=1]', 'verify[epochs=2]'] },
      { kind: 'seeds', nodes: ['again[repeat=1]', 'again[repeat=2]'] },
      { kind: 'real faces', nodes: ['photos', 'synthetic'] },
      { kind: 'sets', nodes: ['photos'] },
    ]);
    expect(findings[0]?.message).toContain('holds 10 people of the benchmark');
    const html = readFileSync(page, 'utf8');
    for (const { message } of findings) expect(html).toContain(message.split(',')[0]);
  });

  it('is told by its page alone', async () => {
    const { code, result } = await audit('--file', page);
    expect(code).toBe(0);
    expect(result.checks).toContainEqual({ what: 'pages compared', held: 1, of: 1 });
  });

  it('gives the same bytes where pieces of it are done again: a part, an evaluation, a training interval', async () => {
    for (const piece of ['synthetic#1', 'verify_leaky']) {
      const { code, result } = await audit('audited', '--replay', piece);
      expect(code, piece).toBe(0);
      expect(result.checks.find(({ what }) => what === 'pieces replayed')?.held, piece).toBeGreaterThan(0);
    }
    // More than there are: all of them. How many intervals there are depends on how fast checkpoints were stored.
    const all = await audit('audited', '--replay', '99', '--seed', '3');
    expect(all.code).toBe(0);
    expect(all.err).toMatch(/, steps \d+ to .*: same/);
    expect(all.result.checks.find(({ what }) => what === 'pieces replayed')?.held).toBeGreaterThan(10);
  }, 300_000);

  test('the card of its generated set has the privacy numbers that were measured', async () => {
    const card = await datasetCard(lineage, 'synthetic', store);
    expect(card).toMatch(
      /Searched among 4 identities of inquiries, by the recognizer chosen, at a threshold set for a false positive identification rate of 25 %: \d of 4 synthetic identities \(\d+\.\d %, 95 % interval [\d.]+ to [\d.]+ %\) and \d of 4 strangers/,
    );
    expect(card).toContain('| photos | 4 | 12 | of people who exist | CC0-1.0 | not stated |');
  });

  it('has in the chain of a number the node that its own row names, though another one made an equal artifact', async () => {
    const numbers = await numbersOf(lineage, store);
    const chainOf = (id: string) => chainOfNumber(lineage, numbers.find((each) => each.id === id) as Printed).chain;
    const chosen = chainOf('accuracy.chosen.lfw');
    expect(chosen.tops).toEqual(['verify_chosen']);
    expect(chosen.steps.map(({ id }) => id)).toEqual(expect.arrayContaining(['chosen', 'verify[epochs=1]']));
    const epoch = chainOf('accuracy.epochs-1.lfw');
    expect(epoch.tops).toEqual(['verify[epochs=1]']);
    expect(epoch.steps.map(({ id }) => id)).not.toContain('chosen');
  });

  it('answers for a number, a digest, and a link of the page with the same chain', async () => {
    const trace = async (...args: string[]): Promise<string> => (await call(['trace', ...args], services.home)).out;
    const number = (await numbersOf(lineage, store)).find(({ id }) => id.startsWith('similarity'));
    const byName = await trace('audited', number?.id ?? '');
    expect(byName).toContain('data/procedural');
    expect(byName).toContain('data/folder');
    const tree = (text: string): string => text.slice(text.search(/[└├]/));
    expect(tree(await trace('--file', `${page}#${number?.id}`))).toBe(tree(byName));
    expect(tree(await trace(number?.artifacts[0] ?? ''))).toBe(tree(byName));
    expect(await trace('audited', 'generator.log')).toContain('recognizer/select');
    expect(await trace('audited', number?.id ?? '', '--dot')).toMatch(/^digraph chain \{/);
  });
});

describe('edits', () => {
  afterEach(() => restore());

  const record = (id: string) => {
    const made = madeNodes(lineage).find(({ node }) => node.id === id);
    if (!made) throw new Error(`${id} was not made`);
    return made.record;
  };
  const fileOf = async (id: string, output: string): Promise<string> => {
    const ref = record(id).outputs[output];
    const [file] = ref ? (await store.getArtifact(ref)).files : [];
    return contentKey('blobs', file?.digest as Digest);
  };
  const edit = async (key: string, behind: string): Promise<void> => {
    const bytes = await store.objects.get(key);
    await store.objects.put(key, editDigit(bytes as Buffer, behind), { overwrite: true });
  };

  it('of a number in metrics are found', async () => {
    await edit(await fileOf('verify_leaky', 'metrics'), '"accuracy":0.');
    const { code, result } = await audit('audited');
    expect(code).toBe(1 | 8);
    expect(
      result.problems.some(({ fault, where }) => fault === 'corrupt' && where.startsWith('verify_leaky.metrics')),
    ).toBe(true);
  });

  it('of a score are found', async () => {
    const key = await fileOf('verify_leaky', 'scores');
    const bytes = Buffer.from((await store.objects.get(key)) as Buffer);
    bytes[bytes.length - 3] = 0x40;
    await store.objects.put(key, bytes, { overwrite: true });
    const { code, result } = await audit('audited');
    expect((code ?? 0) & 1).toBe(1);
    expect(result.problems.some(({ where }) => where.startsWith('verify_leaky.scores'))).toBe(true);
  });

  it('of a record are found, in each of its three copies', async () => {
    const { key } = record('verify_leaky');
    const digest = lineage.digests.get(key);
    const copies = [
      `actions/${hexOf(key)}/record`,
      `actions/${hexOf(key)}/${hexOf(digest as Digest)}`,
      contentKey('blobs', digest as Digest),
    ];
    for (const copy of copies) {
      await edit(copy, '"wallSeconds":');
      const { code, result } = await audit('audited');
      expect((code ?? 0) & 1, copy).toBe(1);
      expect(result.problems.length).toBeGreaterThan(0);
      expect((await call(['fsck', '--repair'], services.home)).code, copy).toBe(0);
    }
    expect((await audit('audited')).code).toBe(0);
  }, 240_000); // Three rounds of an edit, an audit and a repair.

  it('of a number in the page are found, and named', async () => {
    const html = readFileSync(page, 'utf8');
    const id =
      (await numbersOf(lineage, store)).find((each) => each.id.includes('verify_leaky') || !each.quoted)?.id ?? '';
    const edited = join(emptyFolder(), 'report.html');
    const at = html.indexOf(`id="${id}"`);
    const digit = at + html.slice(at).search(/>[^<\d]*\d/);
    const place = digit + html.slice(digit).search(/\d/);
    writeFileSync(edited, `${html.slice(0, place)}${html[place] === '9' ? '8' : '9'}${html.slice(place + 1)}`);
    const { code, result } = await audit('--file', edited);
    expect(code).toBe(1);
    expect(result.problems.map(({ where }) => where)).toContain(id);
  });

  it('of its words and style alone are none', async () => {
    const html = readFileSync(page, 'utf8');
    const edited = join(emptyFolder(), 'report.html');
    const worded = html
      .replace('How it was made', 'How all of this was made')
      .replace(/(<li class="warning"[^>]*><b>warning<\/b> verify_leaky) /, '$1, to say it otherwise, ')
      .replace('table.data{', 'table.data{color:red;');
    writeFileSync(edited, worded);
    expect(worded.length - html.length).toBe(9 + 22 + 10);
    const { code, result } = await audit('--file', edited);
    expect([code, result.problems]).toEqual([0, []]);
  });

  it('of a number in a finding, a chart or a card of the page are found', async () => {
    const html = readFileSync(page, 'utf8');
    const edits: [RegExp, string][] = [
      [/holds 10 people/, 'holds 1 people'],
      [/(<path class="line" d="M)\d/, '$17'],
      [/(class="card-value">)\d/, '$1x'],
    ];
    for (const [what, by] of edits) {
      const edited = join(emptyFolder(), 'report.html');
      expect(html).toMatch(what);
      writeFileSync(edited, html.replace(what, by));
      expect(((await audit('--file', edited)).code ?? 0) & 1, String(what)).toBe(1);
    }
  });

  it('of the findings of the page are found: one that is gone, and one that nothing proves', async () => {
    const html = readFileSync(page, 'utf8');
    const edited = join(emptyFolder(), 'report.html');
    writeFileSync(edited, html.replace(/<li class="warning"[^>]*><b>warning<\/b> verify_leaky .*\n/, ''));
    const less = await audit('--file', edited);
    expect(less.code).toBe(1);
    expect(less.result.problems).toMatchObject([{ message: expect.stringContaining('does not say: verify_leaky') }]);
    writeFileSync(edited, html.replace('<ul class="findings">', '$&<li class="note"><b>note</b> all is well</li>\n'));
    const more = await audit('--file', edited);
    expect(more.code).toBe(8);
    expect(more.result.problems).toMatchObject([{ message: expect.stringContaining('nothing here proves: all is') }]);
  });

  it('are not what comes later: another result under one of its keys leaves a page as sound as it was', async () => {
    const other = { ...record('verify_leaky'), outputs: record('verify[epochs=2]').outputs };
    expect((await store.putRecord(other)).nonReproducible).toBe(true);
    const { code, result } = await audit('--file', page);
    expect([code, result.problems]).toEqual([0, []]);
    expect(result.findings.map(({ kind }) => kind)).toContain('not reproducible');
  });

  it('by somebody who mends every digest behind a better accuracy are found: its scores do not give it', async () => {
    await forge(store, await findRun(store, 'audited'), 'verify_leaky', betterMetrics(store));
    expect((await call(['fsck'], services.home)).code).toBe(0);
    const { code, result } = await audit('audited');
    expect((code ?? 0) & 4).toBe(4);
    expect(result.problems.map(({ where }) => where)).toContain('verify_leaky');
  });

  it('of the scores as well are found by doing the evaluation again', async () => {
    await forge(store, await findRun(store, 'audited'), 'verify_leaky', betterScores(store));
    expect((await audit('audited')).code).toBe(0);
    const { code, result } = await audit('audited', '--replay', 'verify_leaky');
    expect(code).toBe(4);
    expect(result.problems).toMatchObject([{ fault: 'not reproduced', where: 'verify_leaky' }]);
  }, 120_000);
});

describe('Ctrl-C', () => {
  it.each([
    ['in the midst of an audit', ['audit', 'audited'], 'rehashing'],
    ['in the midst of a replay', ['audit', 'audited', '--replay', '99'], 'replaying'],
    ['in the midst of a check of the store', ['fsck'], 'of the kind'],
  ])('%s ends it at once', async (_, args, stopAt) => {
    const { code, out, err } = await cli(args, { home: services.home, stopAt });
    expect([code, out]).toEqual([130, '']);
    expect(err).toContain('interrupted');
    expect(err).not.toContain('error[');
  });
});

describe('one flipped bit', () => {
  afterEach(() => restore());

  it('in what the parts of a set were given, the output of no action, is found and repaired by cutting it again', async () => {
    const made = madeNodes(lineage).find(({ node }) => node.id === 'synthetic');
    const part = lineage.records.get(made?.record.parts?.[0] as ActionKey);
    const given = artifactRefsIn(part?.action.params ?? {}).find(({ type }) => type === 'inquiries') as ArtifactRef;
    const [file] = (await store.getArtifact(given)).files;
    const keys = [contentKey('artifacts', given.digest), contentKey('blobs', file?.digest as Digest)];
    for (const key of keys) {
      const before = await flip(store, { key, kind: kindOf(key), byte: 40, bit: 1 });
      expect(((await audit('audited')).code ?? 0) & 1).toBe(1);
      const repaired = await call(['fsck', '--repair'], services.home);
      expect(repaired.out).toContain('split into shards was done again');
      expect((await store.objects.get(key))?.equals(before)).toBe(true);
    }
  }, 120_000);

  it('in an object of each kind is found by audit and fsck, named, and repaired to the same bytes', async () => {
    const keys = (await store.objects.list('')).filter((key) => !/^(nodes|gc)\//.test(key));
    const kinds = [...new Set(keys.map(kindOf))];
    expect(kinds.sort()).toEqual(['artifact', 'blob', 'checkpoint', 'pointer', 'record', 'run']);
    for (const each of await chooseFlips(store, keys, kinds.length, 5)) {
      const before = await flip(store, each);
      expect(((await audit('audited')).code ?? 0) & 1, `audit of ${each.key}`).toBe(1);
      const { flaws } = JSON.parse((await call(['fsck', '--json'], services.home)).out);
      expect(flaws.map(({ key }: { key: string }) => key)).toContain(each.key);
      const repaired = await call(['fsck', '--repair'], services.home);
      expect(repaired.code, `${each.key}: ${repaired.out}`).toBe(0);
      // A checkpoint is forgotten: the one before it, or the beginning, takes its place.
      if (each.kind === 'checkpoint') await restore();
      else if (each.kind !== 'run') expect((await store.objects.get(each.key))?.equals(before), each.key).toBe(true);
    }
    expect((await audit('audited')).code).toBe(0);
  }, 300_000);
});
