import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { ActionRecord } from '../../core/action.ts';
import { codeOfWork } from '../../core/adoption.ts';
import type { ArtifactManifest } from '../../core/artifact.ts';
import { type Digest, shortDigest } from '../../core/digest.ts';
import type { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { wholeKind } from '../../core/stage.ts';
import { moduleDigest } from '../../spec/code-digest.ts';
import type { Reading } from '../reading.ts';
import type { AuditReader } from './reader.ts';
import type { Ledger } from './result.ts';

/** Computes the code digest of each action again, from the source files stored with its record. */
export const checkCode = async (
  lineage: Lineage,
  store: Reading,
  reader: AuditReader,
  ledger: Ledger,
): Promise<void> => {
  const sources = new Map<Digest, ActionRecord>();
  for (const record of lineage.records.values()) sources.set(record.source.code.digest, record);
  for (const record of sources.values()) {
    const { action, source } = record;
    const code = codeOfWork(record);
    const kind = wholeKind(action.kind);
    const where = `code of ${kind}`;
    const manifest = (await reader.artifact(source.code, where)) && (await reader.manifest(source.code, where));
    if (!manifest) {
      ledger.note('code digests computed again', {
        fault: 'not verifiable',
        where,
        message: 'its files cannot be read',
      });
      continue;
    }
    const found = await digestOfSource(manifest, kind, store).catch((error: CemiflowError) => error);
    const message =
      found instanceof Error
        ? `its files cannot be bundled: ${found.message}`
        : `its files give ${shortDigest(found)}, the action was done by ${shortDigest(code)}`;
    ledger.note('code digests computed again', found === code ? undefined : { fault: 'corrupt', where, message });
  }
};

/** Code kept before stage kinds had folders does not name its module: each kind was one file in `activities/`. */
const digestAs = ({ meta }: ArtifactManifest, kind: string, folder: string): Promise<Digest> =>
  typeof meta.entry === 'string'
    ? moduleDigest(meta.entry, folder)
    : // In its digests the paths of files counted that are imported while it runs.
      moduleDigest(`activities/${kind.replaceAll('/', '-')}.ts`, folder, (text) => text);

const digestOfSource = async (manifest: ArtifactManifest, kind: string, store: Reading): Promise<Digest> => {
  const folder = await mkdtemp(join(tmpdir(), 'cemiflow-code-'));
  try {
    for (const { path, digest } of manifest.files) {
      const target = resolve(folder, path);
      if (!target.startsWith(folder + sep)) throw new Error(`${path} lies outside`);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, await store.getBlob(digest));
    }
    return await digestAs(manifest, kind, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
