import { existsSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Outputs } from '../core/action.ts';
import { linkDeviations } from '../provenance/publish/deviations.ts';
import type { RunDocument, Store } from '../store/index.ts';
import type { Caller } from './caller.ts';

/** What the report of a run is written from. */
export interface ReportRequest {
  readonly store: Store;
  readonly run: Pick<RunDocument, 'id' | 'plan'>;
  /** Folder to write to; default `reports/<experiment>` under the working folder. */
  readonly out?: string;
  /** Of the plan's nodes. */
  readonly outputs: ReadonlyMap<string, Outputs>;
}

/** Where the report of a run goes. @param out as in `ReportRequest` */
export const reportFolder = (
  { plan }: Pick<RunDocument, 'plan'>,
  out: string | undefined,
  { cwd }: Pick<Caller, 'cwd'>,
): string => (out ? resolve(cwd, out) : join(cwd, 'reports', plan.experiment));

/**
 * A text with the path of its deviations as a link, as seen from the folder that it will lie in. The path stands as it is where
 * the project has no such file, or the folder lies outside the project: folders of this machine have no place in a page.
 */
export const linkedFrom = (folder: string, text: string, path: string, project: string): string => {
  const isOutside = relative(project, folder).split(sep)[0] === '..';
  if (isOutside || !existsSync(join(project, path))) return text;
  return linkDeviations(text, path, relative(folder, join(project, path)).split(sep).join('/'));
};
