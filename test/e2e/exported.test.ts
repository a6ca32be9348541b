import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSamples } from '../../artifacts/shards.ts';
import type { Digest } from '../../core/digest.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { openStore } from '../../store/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { loadCroissants, unmeetable, validateCrates } from '../helpers/validators.ts';

/** A real run, exported in each form, and its bundle audited where there is neither a store nor a program that could be one. */
let services: TestServices;
let folder: string;
let made: readonly CliResult[];
let bundle: string;
/** The folder by its absolute path, as a user may give it. */
const photos = `stages.photos.with.path=${join(root, 'pipelines/photos')}`;

beforeAll(async () => {
  services = await startServices();
  const { home } = services;
  folder = emptyFolder();
  bundle = join(folder, 'bundle');
  const run = (...args: string[]): Promise<CliResult> => cli(args, { home });
  made = [
    await run('run', join(root, 'test/provenance/experiment.yaml'), '--set', photos, '--out', join(folder, 'report')),
    await run('export', 'audited', '--ro-crate', join(folder, 'crate')),
    await run('export', 'audited:synthetic', '--croissant', join(folder, 'croissant')),
    await run('export', 'audited', '--bundle', bundle),
    await run('export', 'audited', '--bundle', join(folder, 'less'), '--without', 'dataset,weights'),
  ];
}, 600_000);

afterAll(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Audits a bundle with nothing but Node on the path, a home that is not there, and no address of a server. @param checkout that audits */
const audit = async (
  at: string,
  checkout = root,
): Promise<CliResult & { readonly result: AuditResult; readonly started: boolean }> => {
  const place = emptyFolder();
  mkdirSync(join(place, 'bin'));
  symlinkSync(process.execPath, join(place, 'bin/node'));
  const home = join(place, 'home');
  const env = { PATH: join(place, 'bin'), HOME: place, XDG_CACHE_HOME: join(place, 'cache'), CEMIFLOW_HOME: home };
  const args = ['--import', 'tsx', join(checkout, 'cli/main.ts'), 'audit', '--bundle', at, '--json'];
  const child = spawn(process.execPath, args, { cwd: checkout, env });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err, result: JSON.parse(out || 'null'), started: existsSync(home) };
};

type Change = (text: string) => string | Buffer;

/** A copy of the bundle in which files are changed. */
const changedAt = (changes: readonly (readonly [path: string, change: Change])[]): string => {
  const copy = join(emptyFolder(), 'bundle');
  cpSync(bundle, copy, { recursive: true });
  for (const [path, change] of changes) {
    const before = readFileSync(join(copy, path), 'latin1');
    const after = change(before);
    expect(after, path).not.toBe(before);
    writeFileSync(join(copy, path), after, 'latin1');
  }
  return copy;
};

const changed = (path: string, change: Change): string => changedAt([[path, change]]);

/** One bit turned over in the middle. */
const flipped = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1');
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] as number) ^ 1;
  return bytes;
};

const blobPath = (digest: string): string => `store/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(9)}`;
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

test('crate and bundles of a real run are valid Provenance Run Crates', async () => {
  // Of exports standard error stays empty; the run tells there where its console is.
  expect(made.map(({ code, err }, i) => [code, i === 0 ? '' : err])).toEqual(made.map(() => [0, '']));
  const crates = ['crate', 'bundle', 'less'].map((name) => join(folder, name));
  const found = await validateCrates(crates);
  for (const crate of crates) expect(found[crate]).toEqual(unmeetable);
}, 600_000);

test('no export says where the checkout, the home folder or temporary files lie', () => {
  const places = [root.replace(/\/$/, ''), homedir(), tmpdir(), services.home, folder];
  for (const name of ['crate', 'bundle', 'croissant', 'report']) {
    const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const text = readFileSync(join(file.parentPath, file.name), 'latin1');
      for (const place of places) expect([file.name, place, text.includes(place)]).toEqual([file.name, place, false]);
    }
  }
});

test('the generated set loads with the identities that its shards hold', async () => {
  const file = join(folder, 'croissant/croissant.json');
  const { distribution } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { contentUrl, sha256: digest } of distribution.slice(0, -1))
    expect(sha256(join(folder, 'croissant', contentUrl))).toBe(digest);
  const store = await openStore(services.endpoints.s3);
  const own: number[][] = [];
  const digest = /sha256:[0-9a-f]{64}/.exec(readFileSync(file, 'utf8'))?.[0] as Digest;
  for await (const { identity, image, width, height } of readSamples(store, { type: 'dataset', digest }))
    own.push([identity, image, width, height]);
  const found = await loadCroissants([file]);
  expect(own).toHaveLength(20);
  expect(found[file]).toMatchObject({ error: null, warnings: [], records: own });
  expect(readFileSync(join(folder, 'croissant/README.md'), 'utf8')).toContain('of 4 synthetic identities');
}, 600_000);

test('a bundle audits where no store is and none could be started, with the checks of the run itself', async () => {
  const [there, here] = await Promise.all([
    cli(['audit', 'audited', '--json'], { home: services.home }),
    audit(bundle),
  ]);
  expect(here.result.problems).toEqual([]);
  expect(here.code).toBe(0);
  expect(here.started).toBe(false);
  const own = 'files of the bundle compared';
  const ofPages = ['pages compared', 'findings of pages compared'];
  const rest = here.result.checks.filter(({ what }) => what !== own && !ofPages.includes(what));
  // Checkpoints of trainings that have ended are gone: there is nothing that the store has and the bundle lacks.
  const { checks, findings } = JSON.parse(there.out) as AuditResult;
  expect(rest).toEqual(checks);
  expect(here.result.findings).toEqual(findings);
  expect(here.result.checks.find(({ what }) => what === own)).toEqual({ what: own, held: 9, of: 9 });
  expect(readFileSync(join(bundle, 'report/report.html'))).toEqual(readFileSync(join(folder, 'report/report.html')));
});

test('what a bundle does without is told, and nothing else is wrong with it', async () => {
  const { code, result } = await audit(join(folder, 'less'));
  expect(code).toBe(8);
  const left = result.problems.filter(({ message }) => message.endsWith('was left out of the bundle'));
  const { leftOut } = JSON.parse(readFileSync(join(folder, 'less/bundle.json'), 'utf8'));
  expect(left).toHaveLength(leftOut.length);
  expect(new Set(result.problems.map(({ fault }) => fault))).toEqual(new Set(['not verifiable']));
  // Numbers that need none of it are had again, and what was found while all was there is still said.
  const recomputed = result.checks.find(({ what }) => what === 'numbers recomputed');
  expect([recomputed?.held, recomputed?.of]).toEqual([53, 54]);
  expect(readFileSync(join(folder, 'less/report/report.html'), 'utf8')).toContain('holds 10 people of the benchmark');
});

test('an imported run counts where it was imported, and what it lacks is made again where it is needed', async () => {
  const { home, stop } = await startServices();
  try {
    const less = join(folder, 'less');
    const run = (...args: string[]): Promise<CliResult> => cli(args, { home });
    const { leftOut, run: id, root: digest } = JSON.parse(readFileSync(join(less, 'bundle.json'), 'utf8'));
    const imported = await run('import', '--bundle', less, '--json');
    expect([imported.code, imported.err]).toEqual([0, '']);
    expect(JSON.parse(imported.out)).toMatchObject({ run: id, root: digest, leftOut: leftOut.length });
    expect(JSON.parse((await run('import', '--bundle', less, '--json')).out)).toEqual(JSON.parse(imported.out));
    expect((await run('fsck')).code).toBe(0);
    const audited = JSON.parse((await run('audit', 'audited', '--json')).out) as AuditResult & { exitCode: number };
    expect([audited.exitCode, audited.root]).toEqual([8, digest]);
    expect((await run('report', 'audited', '--out', join(folder, 'again'))).code).toBe(0);
    // What cannot be looked for without the files is said on the page, in the place of what was found with them.
    expect(readFileSync(join(folder, 'again/report.html'), 'utf8')).toContain('could not look for leakage');
    // Fewer sets are scored: the scored student was left out, and so were the photos that the report shows. All others stay hits.
    const spec = join(root, 'test/provenance/experiment.yaml');
    const other = ['--set', photos, '--set', 'stages.verify_chosen.with.sets=[lfw]'];
    expect((await run('run', spec, ...other)).code).toBe(0);
    const { stages } = JSON.parse((await run('status', 'audited', '--json')).out) as {
      stages: { id: string; state: string }[];
    };
    const made = stages.flatMap(({ id: node, state }) => (state === 'done' ? [node] : [])).sort();
    expect(made).toEqual([
      'generator',
      'photos',
      'report',
      'students[epochs=1]',
      'students[epochs=2]',
      'verify_chosen',
    ]);
  } finally {
    await stop();
  }
}, 600_000);

test('a file that nothing stands for is told', async () => {
  const copy = changed('README.md', (text) => `${text} `);
  cpSync(join(bundle, 'README.md'), join(copy, 'README.md'));
  const strangers = ['report/extra.html', 'store/blobs/sha256/ab/cd'];
  mkdirSync(join(copy, 'store/blobs/sha256/ab'), { recursive: true });
  for (const path of strangers) writeFileSync(join(copy, path), '{}');
  const { code, result } = await audit(copy);
  expect(code).toBe(8);
  expect(result.problems.map(({ where }) => where)).toEqual(strangers);
});

test('a checkout that words and draws reports otherwise finds nothing wrong; one that computes otherwise cannot tell', async () => {
  const checkout = join(emptyFolder(), 'checkout');
  const own = (path: string): boolean => !/^\/?(node_modules|\.git|\.cemiflow)(\/|$)/.test(path.slice(root.length));
  cpSync(root, checkout, { recursive: true, filter: own });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  const edit = (path: string, from: string, to: string): void => {
    const before = readFileSync(join(checkout, path), 'utf8');
    expect(before).toContain(from);
    writeFileSync(join(checkout, path), before.replace(from, to));
  };
  edit('report/blocks/accuracy/table.ts', 'Accuracy of 1:1 verification', 'Accuracy of one-to-one verification');
  edit('report/blocks/accuracy/table.ts', "'Average', numeric", "'Mean of all', numeric");
  edit('report/style.ts', 'font-weight:600', 'font-weight:500');
  edit('provenance/publish/page.ts', 'How it was made', 'How this was made');
  const worded = await audit(bundle, checkout);
  expect([worded.code, worded.result.problems]).toEqual([0, []]);
  edit('report/format.ts', 'digits = 2', 'digits = 1');
  const { code, result } = await audit(bundle, checkout);
  expect(code).toBe(8);
  const told = result.problems.map(({ where, message }) => `${where}: ${message}`);
  expect(told).toContainEqual(
    expect.stringMatching(
      /^accuracy\..*: the report has .*, its inputs give .* this checkout has the code .*check out/,
    ),
  );
}, 120_000);

test('one bit in any kind of object of a bundle is found', async () => {
  const { root: sealed } = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as { root: string };
  const manifest = blobPath(sealed).replace('blobs', 'artifacts');
  const { files } = JSON.parse(readFileSync(join(bundle, manifest), 'utf8')) as {
    files: { path: string; digest: string }[];
  };
  const record = files.find(({ path }) => path.startsWith('records/')) as { path: string; digest: string };
  const key = record.path.slice('records/'.length, -'.json'.length);
  const { distribution } = JSON.parse(readFileSync(join(bundle, 'sets/synthetic/croissant.json'), 'utf8'));
  const { id } = { id: JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')).run as string };
  const objects = [
    manifest,
    blobPath(record.digest),
    blobPath(`sha256:${distribution[0].sha256}`),
    `store/actions/${key}/${record.digest.slice(7)}`,
    `store/actions/${key}/record`,
    `store/runs/${id}`,
  ];
  for (const path of objects) {
    const { code } = await audit(changed(path, flipped));
    expect([path, (code ?? 0) & 1]).toEqual([path, 1]);
  }
}, 300_000);

test('an edited number is found in every file that shows it, and named', async () => {
  const cases: [string, RegExp, string, RegExp][] = [
    ['report/report.html', /(<td id="[^"]+"[^>]* data-artifact="[^"]*"[^>]*><a [^>]*>)\d/, '$17', /^(?!report)/],
    ['report/report.json', /"text":"\d/, '"text":"9', /^report\/report\.json$/],
    ['report/report.md', /\| \d\d\.\d/, '| 99.9', /^report\/report\.md$/],
    ['ro-crate-metadata.json', /"value": \d+\.?\d*/, '"value": 12345', /^ro-crate-metadata\.json$/],
    ['sets/synthetic/croissant.json', /20 face images/, '21 face images', /^sets\/synthetic\/croissant\.json$/],
    ['sets/synthetic/README.md', /of 4 synthetic/, 'of 5 synthetic', /^sets\/synthetic\/README\.md$/],
    ['bundle.json', /"without":\[\]/, '"without":["weights"]', /^bundle\.json$/],
    [workflowFile(), /./, '', /^experiment\//],
  ];
  // In one copy, but for the file that says how all others are to be made again.
  const apart = cases.filter(([path]) => path === 'bundle.json');
  for (const edits of [cases.filter((each) => !apart.includes(each)), apart]) {
    const copy = changedAt(edits.map(([path, what, by]) => [path, (text) => text.replace(what, by)]));
    const { code, result } = await audit(copy);
    expect((code ?? 0) & 1).toBe(1);
    const named = result.problems.map(({ where }) => where);
    for (const [path, , , where] of edits) expect(named, path).toContainEqual(expect.stringMatching(where));
  }
}, 300_000);

test('a file that is gone from a bundle is missing, and a folder that is none is refused', async () => {
  const copy = changed('README.md', (text) => `${text} `);
  rmSync(join(copy, 'README.md'));
  rmSync(join(copy, 'report/report.html'));
  const gone = await audit(copy);
  expect(gone.code).toBe(2);
  expect(gone.result.problems.map(({ where }) => where).sort()).toEqual(['README.md', 'report/report.html']);
  const none = await audit(join(folder, 'croissant'));
  expect(none.code).toBe(16);
  expect(none.err).toContain('"cemiflow export RUN --bundle\\" wrote');
});

/** The experiment as the bundle has it. */
const workflowFile = (): string => {
  const graph = JSON.parse(readFileSync(join(bundle, 'ro-crate-metadata.json'), 'utf8'))['@graph'] as {
    '@id': string;
    '@type': string | string[];
  }[];
  return graph.find((each) => each['@type'].includes('ComputationalWorkflow'))?.['@id'] as string;
};
