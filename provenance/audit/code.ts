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

/** The digest of the code that did each action is computed again from the source files that were kept with its record. */
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

/** Artifacts of type `code` that name no entry are older than the folders of stage kinds. */
const entryOf = ({ meta }: ArtifactManifest, kind: string): string =>
  typeof meta.entry === 'string' ? meta.entry : `activities/${kind.replaceAll('/', '-')}.ts`;

const digestOfSource = async (manifest: ArtifactManifest, kind: string, store: Reading): Promise<Digest> => {
  const folder = await mkdtemp(join(tmpdir(), 'cemiflow-code-'));
  try {
    for (const { path, digest } of manifest.files) {
      const target = resolve(folder, path);
      if (!target.startsWith(folder + sep)) throw new Error(`${path} lies outside`);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, await store.getBlob(digest));
    }
    return await moduleDigest(entryOf(manifest, kind), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
