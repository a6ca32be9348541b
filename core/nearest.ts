/** Damerau-Levenshtein distance (adjacent swaps count one), the restricted form. */
export const editDistance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
};

/** The candidate that was probably meant: at most a third of the word (at least two letters) away, or it begins so. */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  const lower = word.toLowerCase().slice(0, 64);
  const ranked = [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = ranked[0];
  if (best && best.distance <= Math.max(2, Math.floor(word.length / 3)) && best.distance < best.candidate.length) {
    return best.candidate;
  }
  return lower.length > 2
    ? ranked.find(({ candidate }) => candidate.toLowerCase().includes(lower))?.candidate
    : undefined;
};

/** `did you mean "x"?`, or the whole list where nothing is near. */
export const suggest = (word: string, candidates: Iterable<string>, what: string): string => {
  const all = [...candidates].sort();
  const near = nearest(word, all);
  if (near !== undefined) return `did you mean "${near}"?`;
  return all.length === 0 ? `there are no ${what}` : `${what}: ${all.join(', ')}`;
};
