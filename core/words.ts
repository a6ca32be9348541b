/** A count with its noun: `1 stage`, `2 stages`. @param many for nouns that do not take an s */
export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : many}`;
