import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ArtifactType } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { dispensable } from '../../provenance/export/bundle.ts';
import { slug } from '../../provenance/export/held.ts';
import type { RunDocument } from '../../store/index.ts';
import { findArtifact } from '../artifacts.ts';
import type { Caller } from '../caller.ts';
import { connectStore } from '../connect.ts';
import { findRun } from '../runs.ts';
import { usageError } from '../usage-error.ts';
import { exportArrays } from './arrays.ts';
import { exportBenchmarks } from './benchmarks.ts';
import { exportBundle } from './bundle.ts';
import { exportCrate } from './crate.ts';
import { exportCroissant } from './croissant.ts';
import { targetOf } from './folder.ts';
import { exportOnnx, type OnnxOptions } from './onnx.ts';
import { exportSet, type SetFormat, setFormats, type WrittenSet } from './set.ts';

/** A folder that an export was written to. */
export interface Exported {
  readonly run: string;
  /** Absolute. */
  readonly path: string;
}

/** Formats that other tools read: of sets of images, benchmarks, arrays and recognizers. */
export const exportFormats = [...setFormats, 'bin', 'npy', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/**
 * Writes what a node made in a format that other tools read.
 *
 * @param name `RUN:NODE`
 * @param target a folder, or for ONNX a file; default under `exports/`
 * @param options of ONNX alone
 * @throws CemiflowError `ExportExists`, `NoImages`, `NoPairs`, `NoArrays`
 */
export const exportAs = async (
  name: string,
  format: ExportFormat,
  target: string | undefined,
  caller: Caller,
  options: OnnxOptions = {},
): Promise<{ readonly path: string; readonly format: ExportFormat } & Partial<WrittenSet>> => {
  const store = await connectStore(caller);
  const ref = await findArtifact(store, name);
  const stem = slug(name);
  const path = targetOf(caller.cwd, target, format === 'onnx' ? `${stem}.onnx` : `${stem}-${format}`);
  if (format === 'bin') await exportBenchmarks(store, ref, path);
  else if (format === 'npy') await exportArrays(store, ref, path);
  else if (format === 'onnx') {
    await mkdir(dirname(path), { recursive: true });
    await exportOnnx(store, ref, path, options);
  } else return { path, format, ...(await exportSet(store, ref, format as SetFormat, path)) };
  return { path, format };
};

/** Writes a run as a Provenance Run Crate. @param folder by default `exports/<run>-crate` @throws CemiflowError `ExportExists` */
export const exportAsCrate = async (name: string, folder: string | undefined, caller: Caller): Promise<Exported> => {
  const store = await connectStore(caller);
  const document = await findRun(store, name);
  const path = targetOf(caller.cwd, folder, `${document.id}-crate`);
  await exportCrate(store, document, path);
  return { run: document.id, path };
};

/** Writes a dataset with Croissant description and card. @param name `RUN:NODE` @throws CemiflowError `ExportExists` */
export const exportAsCroissant = async (
  name: string,
  folder: string | undefined,
  caller: Caller,
): Promise<Exported> => {
  const store = await connectStore(caller);
  const colon = name.indexOf(':');
  const document = await findRun(store, name.slice(0, colon));
  const node = name.slice(colon + 1);
  const path = targetOf(caller.cwd, folder, `${document.id}-${slug(node)}-croissant`);
  await exportCroissant(store, document, node, path);
  return { run: document.id, path };
};

/** What a bundle leaves out, as a user names it. */
export interface BundleChoice {
  /** Types of artifacts whose files are left out, such as `weights`. */
  readonly without: readonly string[];
  /** Stages or nodes whose files go with it all the same, such as the set of a figure. */
  readonly keep: readonly string[];
}

/**
 * Writes a run with everything that its audit needs.
 *
 * @throws CemiflowError `Usage`, `UnknownNode`, `ExportExists`
 */
export const exportAsBundle = async (
  name: string,
  folder: string | undefined,
  { without, keep }: BundleChoice,
  caller: Caller,
): Promise<Exported> => {
  const leftOut = dispensableOf(without);
  const store = await connectStore(caller);
  const document = await findRun(store, name);
  const path = targetOf(caller.cwd, folder, `${document.id}-bundle`);
  const kept = keep.flatMap((name) => nodesNamed(document, name));
  await exportBundle(store, document, { without: leftOut, keep: [...new Set(kept)].sort() }, path);
  return { run: document.id, path };
};

/** The node of that id, or all nodes of that stage. @throws CemiflowError `UnknownNode` */
const nodesNamed = ({ id, plan: { nodes } }: RunDocument, name: string): string[] => {
  const found = nodes.filter((node) => node.id === name || node.stage === name).map((node) => node.id);
  if (found.length > 0) return found;
  throw new CemiflowError('UnknownNode', `${id} has no stage ${name}`, {
    remedy: `name some of ${[...new Set(nodes.map(({ stage }) => stage))].join(', ')}`,
    data: { run: id, node: name },
  });
};

/** @throws CemiflowError `Usage` */
const dispensableOf = (names: readonly string[]): ArtifactType[] => {
  const unknown = names.find((each) => !(dispensable as readonly string[]).includes(each));
  if (unknown === undefined) return [...new Set(names)].sort() as ArtifactType[];
  throw usageError(`--without cannot leave out ${unknown || 'nothing'}`, `name some of ${dispensable.join(', ')}`);
};
