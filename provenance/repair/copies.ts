import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCodec } from '../../artifacts/codecs/run.ts';
import type { ActionRecord } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { type Digest, digestOf, shortDigest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { runFile } from '../../core/run-record.ts';
import { wholeKind } from '../../core/stage.ts';
import { openRun, recordDigest, runRecord, sealRun } from '../../engine/seal.ts';
import { putSource, readSource } from '../../engine/source-files.ts';
import type { Flaw } from '../../store/index.ts';
import { cannot, type Records, type Repair, type RepairTools, repaired } from './outcome.ts';

/** Records, source files and seals, which no action made. */
export const fromCopies = async (flaw: Flaw, records: Records, tools: RepairTools): Promise<Repair | undefined> => {
  const { store } = tools;
  const digest: Digest = `sha256:${flaw.key.split('/').slice(2).join('')}`;
  const all = [...records.values()].flat();
  if (flaw.kind === 'blob') {
    const record = all.find((each) => recordDigest(each) === digest);
    if (record) {
      await store.putFile(
        'record.json',
        Buffer.from(canonicalJson(record as unknown as JsonObject)),
        'application/json',
      );
      return repaired(flaw, 'from the record that it is a copy of');
    }
    const source = await sourceFile(digest, all, tools);
    if (source) {
      await store.putFile(source.path, source.bytes, 'text/plain; charset=utf-8');
      return repaired(flaw, `from ${source.from}`);
    }
  }
  const sealed = await sealAgain(digest, tools);
  if (sealed) return repaired(flaw, `by sealing ${sealed} again`);
  if (all.some(({ source }) => source.code.digest === digest)) return codeArtifact(flaw, digest, all, tools);
  return undefined;
};

const execute = promisify(execFile);

/** A source file with this digest: as it lies in the checkout, or in a commit that a record names. */
const sourceFile = async (digest: Digest, records: readonly ActionRecord[], { store, checkout }: RepairTools) => {
  const seen = new Set<Digest>();
  for (const { source } of records) {
    if (seen.has(source.code.digest) && source.lock !== digest) continue;
    seen.add(source.code.digest);
    const manifest = await store.getArtifact(source.code).catch(() => undefined);
    const path =
      source.lock === digest ? 'package-lock.json' : manifest?.files.find((file) => file.digest === digest)?.path;
    if (path === undefined) continue;
    const bytes = await readFile(join(checkout, path)).catch(() => undefined);
    if (bytes && digestOf(bytes) === digest) return { path, bytes, from: `${path} of this checkout` };
    const commits = new Set(records.flatMap((each) => each.source.commit ?? []));
    for (const commit of commits) {
      const options = { encoding: 'buffer', maxBuffer: 64 * 2 ** 20 } as const;
      const shown = await execute('git', ['-C', checkout, 'show', `${commit}:${path}`], options).catch(() => undefined);
      if (shown && digestOf(shown.stdout) === digest)
        return { path, bytes: shown.stdout, from: `${path} of commit ${commit}` };
    }
  }
  return undefined;
};

/** The manifest of a kind's source files, from the checkout as it is. */
const codeArtifact = async (
  flaw: Flaw,
  digest: Digest,
  records: readonly ActionRecord[],
  { store, checkout }: RepairTools,
): Promise<Repair> => {
  const record = records.find(({ source }) => source.code.digest === digest);
  const kind = wholeKind(record?.action.kind ?? '');
  const files = record && (await readSource(checkout, kind, record.action.code).catch(() => undefined));
  const made = files && (await putSource(store, files));
  if (made?.digest === digest) return repaired(flaw, `from the files of ${kind} in this checkout`);
  return cannot(
    flaw,
    `it lists the files of ${kind}, which this checkout no longer has: check out the commit of its records`,
  );
};

/** @returns the id of the run whose root or `run.json` it is, sealed again to the same digest */
const sealAgain = async (digest: Digest, { store }: RepairTools): Promise<string | undefined> => {
  for (const document of await store.listRuns()) {
    const { root, nodes } = document;
    if (!root || !nodes) continue;
    const manifest =
      root === digest ? undefined : await store.getArtifact({ type: 'run', digest: root }).catch(() => undefined);
    const own = root === digest || manifest?.files.find(({ path }) => path === runFile)?.digest === digest;
    const made = own ? await sealRun(store, runRecord(document, nodes)).catch(() => undefined) : undefined;
    if (made?.digest === root) return document.id;
  }
  return undefined;
};

/** A run's document from the record that it was sealed with. */
export const runDocument = async (flaw: Flaw, { store }: RepairTools): Promise<Repair> => {
  const id = decodeURIComponent(flaw.key.slice('runs/'.length));
  const roots: { ref: ArtifactRef; startedAt: string }[] = [];
  for (const key of await store.objects.list('artifacts/')) {
    const ref: ArtifactRef = { type: 'run', digest: `sha256:${key.split('/').slice(2).join('')}` };
    const sealed = await runCodec.read(store, ref).catch(() => undefined);
    if (sealed?.meta.id !== id) continue;
    const { run } = await openRun(store, ref);
    roots.push({ ref, startedAt: run.startedAt });
  }
  const latest = roots.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0];
  if (!latest) return cannot(flaw, '"cemiflow run" with its spec writes it again; what is finished is kept');
  const { run } = await openRun(store, latest.ref);
  const { plan, spec, startedAt, estimates } = run;
  await store.putRun({
    id,
    plan,
    spec,
    startedAt,
    workflowId: id,
    state: 'done',
    root: latest.ref.digest,
    nodes: run.nodes,
    ...(estimates && { estimates }),
  });
  return repaired(flaw, `from the run's record ${shortDigest(latest.ref.digest)}`);
};
