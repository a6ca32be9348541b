/** A count with its noun: `1 stage`, `2 stages`. @param many for nouns that do not take an s */
export const plural = (count: number, noun: string, many?: string): string => `${count} ${nounFor(count, noun, many)}`;

/** The noun alone, for a count that is printed in another form. */
export const nounFor = (count: number, noun: string, many = `${noun}s`): string => (count === 1 ? noun : many);
