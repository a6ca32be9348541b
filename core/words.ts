/** A count with its noun: `1 stage`, `2 stages`. @param many for nouns that do not take an s */
export const plural = (count: number, noun: string, many?: string): string => `${count} ${nounFor(count, noun, many)}`;

/** The noun alone, for a count that is printed in another form. */
export const nounFor = (count: number, noun: string, many = `${noun}s`): string => (count === 1 ? noun : many);

/** The first few of `total` things, and how many more there are: `a; b; and 3 more`. */
export const firstFew = (texts: readonly string[], total: number, { between = '; ', most = 5 } = {}): string => {
  const first = texts.slice(0, most);
  return [...first, ...(total > first.length ? [`and ${total - first.length} more`] : [])].join(between);
};
