import { readFile } from 'node:fs/promises';
import { filesCodec } from '../artifacts/codecs/files.ts';
import { putMetrics } from '../artifacts/codecs/metrics.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import type { StageContext } from '../core/stage.ts';
import { examining } from '../data/intake/examine.ts';
import { Examiner } from '../data/intake/examiner.ts';
import { importSet } from '../data/intake/import-set.ts';
import { formatOf } from '../formats/sets.ts';
import { ownMetrics } from './metrics.ts';
import { filesBelow, isFolder, missing } from './workspace.ts';

/** What a program is to leave behind. */
export interface Output {
  readonly type: 'dataset' | 'weights' | 'metrics' | 'files';
  /** Below the folder that the program starts in. */
  readonly path: string;
  readonly size: number;
  readonly people: 'real' | 'drawn' | 'generated';
  readonly licence: string;
  /** Of weights. */
  readonly recognizer?: JsonObject;
}

/** A file that a metrics output is may have so many bytes. */
const mostMetricsBytes = 2 ** 20;
const largestBytes = 64 * 2 ** 20;

/** Reads weights that a program has left: networks are no business of this folder. */
export type TakeWeights = (at: string, output: Output, context: StageContext) => Promise<ArtifactRef>;

/**
 * Takes what a program has left into the store, checked as its type asks.
 *
 * @param at where it lies, absolute
 * @throws CemiflowError `OutputMissing`, `OutputInvalid`, and for datasets as `data/import`
 */
export const takeOutput = async (
  name: string,
  output: Output,
  at: string,
  context: StageContext,
  takeWeights: TakeWeights,
): Promise<ArtifactRef> => {
  if (output.type === 'dataset') return takeDataset(name, output, at, context);
  if (output.type === 'weights') {
    if ((await filesBelow(at, name)).length === 0) throw missing(name);
    return takeWeights(at, output, context);
  }
  return output.type === 'metrics' ? takeMetrics(name, at, context) : takeFiles(name, at, context);
};

const takeDataset = async (
  name: string,
  { size, people, licence }: Output,
  at: string,
  context: StageContext,
): Promise<ArtifactRef> => {
  if ((await filesBelow(at, name)).length === 0) throw missing(name);
  return importSet(
    {
      ...{ size, links: 'inside', minImages: 1, maxImages: 0, onBadFile: 'fail', peopleShown: people },
      facts: { origin: 'program', licence, source: '', consent: '' },
    },
    (opened) => ({
      format: formatOf(opened, 'auto'),
      examiner: new Examiner(examining, { height: size, width: size, fit: 'exact' }),
    }),
    { ...context, places: { path: at } },
  );
};

const takeMetrics = async (name: string, at: string, { store }: StageContext): Promise<ArtifactRef> => {
  const [file, more] = await filesBelow(at, name);
  if (!file || more || isFolder(at)) throw invalid(name, 'must be one JSON file');
  if (file.bytes > mostMetricsBytes) throw invalid(name, `has ${file.bytes} bytes, at most ${mostMetricsBytes}`);
  let values: Json;
  try {
    values = JSON.parse(await readFile(at, 'utf8')) as Json;
  } catch (cause) {
    throw invalid(name, `is no JSON: ${(cause as Error).message}`);
  }
  return putMetrics(
    store,
    ownMetrics(values, (problem) => invalid(name, problem)),
  );
};

const takeFiles = async (name: string, at: string, { store }: StageContext): Promise<ArtifactRef> => {
  const files = await filesBelow(at, name);
  if (files.length === 0) throw missing(name);
  const large = files.find(({ bytes }) => bytes > largestBytes);
  if (large) throw invalid(name, `holds ${large.path} of ${large.bytes} bytes; a file may have ${largestBytes}`);
  const entries = [];
  for (const { path } of files) {
    const bytes = await readFile(isFolder(at) ? `${at}/${path}` : at);
    entries.push(await store.putFile(path, bytes, 'application/octet-stream'));
  }
  const executable = files.filter((file) => file.executable).map(({ path }) => path);
  return filesCodec.write(store, { executable }, entries);
};

const invalid = (name: string, problem: string): CemiflowError =>
  new CemiflowError('OutputInvalid', `output ${name} ${problem}`, {
    remedy: 'let the program write what outputs says, or correct its type',
    data: { output: name },
  });
