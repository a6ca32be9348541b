/** A long computation that stops now and then, so that heartbeats can leave and a cancellation arrive. */
export type Paused<T> = Generator<undefined, T, undefined>;

/** The result, without any pause. */
export const atOnce = <T>(work: Paused<T>): T => {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
};

/** The result; `pause` is awaited wherever the work stops. */
export const withPauses = async <T>(work: Paused<T>, pause: () => Promise<void>): Promise<T> => {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await pause();
  }
};
