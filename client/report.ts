import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Session } from '../cli/session.ts';
import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { CemiflowError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import { findingsOf } from '../provenance/findings/index.ts';
import { publishedReport } from '../provenance/publish/index.ts';
import type { Store } from '../store/index.ts';
import { writeArtifact } from './artifacts.ts';
import { lineageOf } from './lineage.ts';
import { outputOfType } from './planning.ts';

/** The report of a plan, once its node has been made. @param outputs of its nodes */
export const findReport = (plan: Plan, outputs: ReadonlyMap<string, Outputs>): ArtifactRef | undefined => {
  for (const node of [...plan.nodes].reverse()) {
    const ref = outputs.get(node.id)?.[outputOfType(node, 'report') ?? ''];
    if (ref) return ref;
  }
  return undefined;
};

/** What the report of a run is fetched from. */
export interface Reported {
  readonly store: Store;
  readonly plan: Plan;
  readonly runId: string;
  /** Folder to write to; `reports/<experiment>` under the working folder unless given. */
  readonly out?: string;
  /** Of the plan's nodes. */
  readonly outputs: ReadonlyMap<string, Outputs>;
}

/** Writes the report into a folder, its page with root, findings and chains. @returns the page's path */
export const fetchReport = async (
  { store, plan, runId, out, outputs }: Reported,
  session: Session,
): Promise<string | undefined> => {
  const ref = findReport(plan, outputs);
  if (!ref) return undefined;
  const folder = out ? resolve(session.cwd, out) : join(session.cwd, 'reports', plan.experiment);
  const paths = await writeArtifact(store, ref, folder);
  const page = paths.find((path) => path.endsWith('.html'));
  if (page) await publish(page, { store, runId }, session);
  return page ?? paths[0];
};

/** Adds what the artifact cannot hold. A page that lacks it is still the run's report. */
const publish = async (
  page: string,
  { store, runId }: Pick<Reported, 'store' | 'runId'>,
  session: Session,
): Promise<void> => {
  try {
    const document = await store.getRun(runId);
    if (!document?.root) return;
    const lineage = await lineageOf(store, document);
    await writeFile(page, await publishedReport(lineage, store, await findingsOf(lineage, store)));
  } catch (error) {
    const { code, message } = error as CemiflowError;
    session.note(`${page} lacks the run's root and chains: ${code}: ${message}`);
    session.note(`"cemiflow audit ${runId}" says what is damaged`);
  }
};
