import { plural } from '../../core/words.ts';
import type { Cause, NodeDifference, NumberDifference, RunDiff } from './difference.ts';

/** Names of nodes, and numbers, that are shown of many. */
const shownNodes = 4;
const shownNumbers = 20;

/**
 * What differs, for people: first causes with what follows from them, then the numbers that each of them changed.
 *
 * ```
 * [1] parameter epochs: 14 → 12
 *     in teacher; 12 nodes follow: centers, inquiries, …
 * 31 of 98 numbers differ
 *     accuracy.cemiface-m-0.5.lfw  77.83 ± 1.20 → 78.10 ± 0.90  [1]
 * ```
 */
export const diffText = (diff: RunDiff): string => {
  const { before, now, equal, causes, nodes, nodesCompared, numbers, numbersCompared, notes } = diff;
  const notesTold = notes.map((note) => `note: ${note}`);
  if (equal) {
    const what = before.run === now.run ? 'one run' : `${before.run} and ${now.run}`;
    const compared = [
      plural(nodesCompared, 'node'),
      ...(numbersCompared > 0 ? [plural(numbersCompared, 'number')] : []),
    ];
    return [`${what}: ${compared.join(' and ')} are equal`, ...notesTold].join('\n');
  }
  return [
    `${before.run} → ${now.run}`,
    ...causes.flatMap(causeLines),
    ...sameLines(nodes),
    ...numberLines(numbers, numbersCompared),
    ...notesTold,
  ].join('\n');
};

const causeLines = ({ number, text, nodes, followers, numbers }: Cause): string[] => {
  const follow =
    followers.length > 0
      ? `; ${plural(followers.length, 'node')} ${followers.length === 1 ? 'follows' : 'follow'}: ${some(followers)}`
      : '';
  const changed = numbers.length > 0 ? `; ${plural(numbers.length, 'number')}` : '';
  return [`[${number}] ${text}`, `    in ${some(nodes)}${follow}${changed}`];
};

/** What was declared, coded or fed otherwise, to no effect. */
const sameLines = (nodes: readonly NodeDifference[]): string[] => {
  const same = nodes.filter(({ state }) => state === 'same outputs').map(({ id }) => id);
  return same.length > 0 ? [`other actions, same outputs: ${some(same)}`] : [];
};

const numberLines = (numbers: readonly NumberDifference[], compared: number): string[] => {
  if (numbers.length === 0)
    return compared > 0 ? [`${compared === 1 ? 'the one number is' : `all ${compared} numbers are`} equal`] : [];
  const shown = numbers.slice(0, shownNumbers);
  const width = Math.max(...shown.map(({ id }) => id.length));
  const rows = shown.map(({ id, before, now, causes }) => {
    const values = `${before ?? '(none)'} → ${now ?? '(none)'}`;
    return `    ${id.padEnd(width)}  ${values}  ${causes.map((cause) => `[${cause}]`).join(' ')}`.trimEnd();
  });
  const more = numbers.length - shown.length;
  return [
    `${numbers.length} of ${plural(compared, 'number')} ${numbers.length === 1 ? 'differs' : 'differ'}`,
    ...rows,
    ...(more > 0 ? [`    … and ${more} more: --json has all`] : []),
  ];
};

const some = (names: readonly string[]): string => {
  const more = names.length - shownNodes;
  return [...names.slice(0, shownNodes), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
};
