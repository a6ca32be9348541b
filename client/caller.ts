import type { Digest } from '../core/digest.ts';
import type { Replayed } from '../engine/replay/job.ts';
import type { Env, ServiceEvent } from '../services/types.ts';
import type { RunProgress } from '../workflows/types.ts';

/**
 * Who calls a function of `client/`: the command line, or another face. Everything that the functions need of the world
 * around them is passed in here; they read no environment and print nothing.
 */
export interface Caller {
  /** Addresses of existing servers, and the variables that workers may need. */
  readonly env: Env;
  /** The state folder. */
  readonly home: string;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /** Ends what takes long. A run that is being followed continues without its follower. */
  readonly signal: AbortSignal;
  /** Receives what happens before the result is there. */
  on(event: ClientEvent): void;
}

/** How a run was started. */
export type LaunchedHow = 'started' | 'attached' | 'restarted' | 'resumed';

export type ClientEvent =
  /** A server is being started, waited for or cleaned up. */
  | { readonly kind: 'service'; readonly event: ServiceEvent }
  /** An audit, `fsck` or `gc` begins a step. */
  | { readonly kind: 'step'; readonly what: string }
  /** Hits of a saved plan that are gone from the store, so that the run makes them again. */
  | { readonly kind: 'hits gone'; readonly nodes: readonly string[] }
  | { readonly kind: 'report damaged'; readonly digest: Digest }
  | { readonly kind: 'launched'; readonly run: string; readonly how: LaunchedHow; readonly console?: string }
  /** Another run was started with other code, and no worker carries it on. */
  | { readonly kind: 'other build'; readonly run: string }
  | ({ readonly kind: 'paused'; readonly run: string } & Pick<RunProgress, 'spentSeconds' | 'budget'>)
  | { readonly kind: 'retrying'; readonly run: string; readonly stages: readonly string[] }
  /** A run was asked to end; its stages store what they have. */
  | { readonly kind: 'ending'; readonly run: string }
  /** Something keeps a run from continuing; it may pass by itself. */
  | { readonly kind: 'trouble'; readonly run: string; readonly message: string }
  | { readonly kind: 'replaying'; readonly jobs: number; readonly seed: number }
  | { readonly kind: 'replayed'; readonly replayed: Replayed }
  /** The report so far of a run that is being followed was written. */
  | { readonly kind: 'report so far'; readonly run: string; readonly page: string; readonly missing: number }
  /** It could not be written, for the first time: it is tried again. */
  | { readonly kind: 'report so far failed'; readonly run: string; readonly error: Error }
  /** The page of a report was written without the run's root and chains. */
  | { readonly kind: 'page incomplete'; readonly run: string; readonly page: string; readonly error: Error };

/** Resolves once the caller's signal aborts. */
export const interruption = ({ signal }: Pick<Caller, 'signal'>): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
