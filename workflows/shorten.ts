import type { NodeProgress, RunProgress } from './types.ts';

/** All failures of a run together: a payload holds 2 MiB at most, and most of it is for the nodes themselves. */
const allChars = 256 * 1024;

/**
 * A run's progress whose failures and reasons are cut, so that those of hundreds of stages fit into one payload.
 *
 * @param mostChars of one message, reason or remedy
 */
export const shorten = (progress: RunProgress, mostChars: number): RunProgress => {
  const count = progress.nodes.filter(({ failure, skipped }) => failure || skipped).length;
  // A failure has two texts.
  const chars = Math.min(mostChars, Math.floor(allChars / (2 * Math.max(1, count))));
  return { ...progress, nodes: progress.nodes.map((node) => shortNode(node, chars)) };
};

const shortNode = (node: NodeProgress, chars: number): NodeProgress => {
  const { failure, skipped } = node;
  const cut = (text: string): string => (text.length > chars ? `${text.slice(0, chars)}…` : text);
  return {
    ...node,
    ...(failure && { failure: { ...failure, message: cut(failure.message), remedy: cut(failure.remedy) } }),
    ...(skipped && { skipped: { because: cut(skipped.because) } }),
  };
};
