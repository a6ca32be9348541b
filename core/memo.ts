/**
 * Remembers the answer to each question, also while it is still worked on. An answer that failed is remembered too.
 *
 * @param name what makes two inputs the same question; the input itself unless given
 */
export const memo = <T, R>(work: (input: T) => Promise<R>, name: (input: T) => unknown = (input) => input) => {
  const known = new Map<unknown, Promise<R>>();
  return (input: T): Promise<R> => {
    const answer = known.get(name(input)) ?? work(input);
    known.set(name(input), answer);
    return answer;
  };
};
