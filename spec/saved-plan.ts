import type { ActionRecord, Outputs } from '../core/action.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, digestOfJson } from '../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import type { NodeStatus, Plan } from '../core/plan.ts';
import type { RunPlaces, RunSpec } from '../core/run-record.ts';
import type { CodeFiles } from './code-changes.ts';

/** A plan as it was shown, with everything it depends on. It is executed exactly as saved, or refused. */
export interface SavedPlan {
  /** The version of this format. */
  readonly cemiflowPlan: 2;
  readonly plan: Plan;
  /** What it was made from, with the texts that were read. */
  readonly spec: RunSpec;
  /** Where these files and folders are on this machine; a saved plan is not meant for another one. */
  readonly places: Omit<RunPlaces, 'savedPlan'>;
  /** The code of each stage kind of the plan. */
  readonly codes: { readonly [kind: string]: CodeFiles };
  /** Digests of the folders that its nodes read from outside the store, by absolute path. */
  readonly contents: { readonly [path: string]: Digest };
  /** Each node as it was when the plan was saved. */
  readonly status: { readonly [id: string]: SavedStatus };
  /** Digest of everything else in the file. */
  readonly digest: Digest;
}

/** A node's status; of a hit, also the outputs that were found. */
export type SavedStatus =
  | (Extract<NodeStatus, { readonly state: 'hit' }> & { readonly outputs: Outputs })
  | Exclude<NodeStatus, { readonly state: 'hit' }>;

const version = 2;

/** The file of a saved plan: canonical JSON, so that the same plan in the same state is the same bytes. */
export const writeSavedPlan = (content: Omit<SavedPlan, 'cemiflowPlan' | 'digest'>): string => {
  const whole = { cemiflowPlan: version, ...content } as unknown as JsonObject;
  return `${canonicalJson({ ...whole, digest: digestOfJson(whole) })}\n`;
};

/** Whether a file with this beginning is a saved plan rather than a spec. */
export const beginsSavedPlan = (text: string): boolean => /^\s*\{\s*"cemiflowPlan"\s*:/.test(text);

/**
 * @param name of the file, for messages
 * @throws CemiflowError `PlanUnreadable`, `PlanVersion`, `PlanEdited`
 */
export const readSavedPlan = (text: string, name: string): SavedPlan => {
  const remedy = '"cemiflow plan SPEC --save PLAN" writes it again';
  const saved = parse(text);
  if (!saved)
    throw new CemiflowError('PlanUnreadable', `${name} is no whole JSON: it may have been cut off`, {
      remedy,
      data: { name },
    });
  const { digest, ...content } = saved;
  if (content.cemiflowPlan !== version)
    throw new CemiflowError(
      'PlanVersion',
      `${name} is of version ${content.cemiflowPlan}, this cemiflow reads ${version}`,
      {
        remedy,
        data: { name },
      },
    );
  const found = digestOfJson(content);
  if (digest === found) return saved as unknown as SavedPlan;
  throw new CemiflowError('PlanEdited', `${name} is not as cemiflow wrote it: its content does not have its digest`, {
    remedy: 'change the spec, or give --set to "cemiflow plan", and save the plan again',
    data: { name, digest: digest ?? null, found },
  });
};

const parse = (text: string): JsonObject | undefined => {
  try {
    const value = JSON.parse(text) as Json;
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The current status of all nodes, ready to be saved. @param records of the hits, by node */
export const savedStatus = (
  nodes: ReadonlyMap<string, NodeStatus>,
  records: ReadonlyMap<string, ActionRecord>,
): SavedPlan['status'] =>
  Object.fromEntries(
    [...nodes].map(([id, status]) => [
      id,
      status.state === 'hit' ? { ...status, outputs: records.get(id)?.outputs ?? {} } : status,
    ]),
  );
