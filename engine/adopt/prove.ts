import type { AdoptedKind, AdoptionStatement } from '../../core/adoption.ts';
import { loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';
import type { Store } from '../../store/index.ts';
import type { ReplayOptions } from '../replay/client.ts';
import { type Candidate, type NodeCandidate, withShards } from './candidates.ts';
import { isMoved } from './open-work.ts';
import { type Choice, choosePieces, cutJob } from './pieces.ts';
import { refused } from './refused.ts';
import { type Piece, pieceOf, replaySame } from './replays.ts';

interface ProofTools {
  readonly store: Pick<Store, 'checkpoints'>;
  readonly replays: Omit<ReplayOptions, 'mode'>;
  tell(what: string): void;
}

/** Work that may count under today's code, and what shows it. */
export interface Proof {
  readonly proven: readonly NodeCandidate[];
  readonly kinds: AdoptionStatement['kinds'];
}

/**
 * Splits sharded nodes again, and then replays random pieces of each kind.
 *
 * @throws CemiflowError `AdoptionRefused` where a piece comes out differently
 */
export const prove = async (
  open: readonly NodeCandidate[],
  choice: Choice,
  { store, replays, tell }: ProofTools,
): Promise<Proof> => {
  const cuts = await replaySame(open.filter(({ old }) => old.parts).map(cutJob), replays, tell);
  const proven = open.map((each) => cutBy(each, cuts)).filter((each) => recordsOf(each).length > 0);
  const kindsHere = [...new Set(proven.map(({ now }) => now.action.kind))];
  const byKind = kindsHere.map((kind) => [kind, proven.filter(({ now }) => now.action.kind === kind)] as const);
  const befores = byKind.map(([kind, own]) => codeBefore(kind, own));
  const schemas = loadStageSchemas();
  const jobs = await Promise.all(
    byKind.map(([kind, own]) => choosePieces(schemas.get(kind) as StageSchema, own, store.checkpoints, choice)),
  );
  const replayed = await replaySame(jobs.flat(), replays, tell);
  const kinds = byKind.map(([kind, own], i): [string, AdoptedKind] => {
    const names = new Set(jobs[i]?.map(({ name }) => name));
    const keys = new Set(own.map(({ now }) => now.key));
    // How a stage is split shows something only where all its shards have the keys that they had.
    const split = cuts.filter(({ key, verdict }) => keys.has(key) && verdict === 'same');
    const pieces = [...split, ...replayed.filter(({ name }) => names.has(name))];
    return [
      kind,
      {
        ...{ before: befores[i] as AdoptedKind['before'], now: (own[0] as NodeCandidate).now.action.code },
        actions: own.flatMap(recordsOf).length,
        replayed: pieces.map(pieceOf),
      },
    ];
  });
  return { proven, kinds: Object.fromEntries(kinds) };
};

/** What must be kept of a node: its shards first, because only with them the node is a hit. */
export const recordsOf = (candidate: NodeCandidate): Candidate[] => [...candidate.parts, candidate].filter(isMoved);

const cutBy = (candidate: NodeCandidate, cuts: readonly Piece[]): NodeCandidate => {
  if (!candidate.old.parts) return candidate;
  const { shards = [] } = cuts.find(({ key }) => key === candidate.now.key) ?? {};
  return withShards(candidate, shards);
};

/** The one code that a statement leads from. */
const codeBefore = (kind: string, candidates: readonly NodeCandidate[]): AdoptedKind['before'] => {
  const [code, ...others] = new Set(candidates.flatMap(recordsOf).map(({ old }) => old.action.code));
  if (code !== undefined && others.length === 0) return code;
  throw refused(`statements about ${kind} that led from ${others.length + 1} versions of its code cannot be read`);
};
