import { isDigest, shortDigest } from './digest.ts';
import type { Resource } from './plan.ts';

/** What a worker process is for: workflows, plain activities, or activities on a GPU. */
export type Role = 'orchestrator' | 'cpu' | 'gpu';

/**
 * The Temporal task queue of one role and one build: workers of another build never take its tasks, so that an action's
 * code digest is the code that ran.
 *
 * @param build the build's digest (or any hex id); its first 12 hex digits enter the name
 */
export const taskQueue = (role: Role, build: string): string =>
  `cemiflow-${role}-${isDigest(build) ? shortDigest(build) : build.slice(0, 12)}`;

/** Where a node's activity runs: tensors on a GPU worker where the run asks for one, everything else on the CPU. */
export const roleFor = (resource: Resource, device: 'cpu' | 'gpu'): Role =>
  resource === 'tensor' && device === 'gpu' ? 'gpu' : 'cpu';
