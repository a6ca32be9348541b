/**
 * Runs steps side by side, each as soon as those named in its `after` are done, and those named in its `behind` have
 * ended somehow. A failed step stops those that need it and no other, so that as much as possible is done when the set-up runs again.
 *
 * @param steps `{name, after?: string[], behind?: string[]}`; names that are not among the steps count as done
 * @param work runs one step
 * @returns `{step, error}` of those that failed
 */
export const runSteps = async (steps, work) => {
  const results = new Map();
  const start = (step) => {
    if (!results.has(step.name)) results.set(step.name, perform(step));
    return results.get(step.name);
  };
  const perform = async (step) => {
    const named = (names) => steps.filter((other) => names?.includes(other.name)).map(start);
    await Promise.all(named(step.behind));
    if ((await Promise.all(named(step.after))).some((result) => result !== 'done')) return 'skipped';
    try {
      await work(step);
      return 'done';
    } catch (error) {
      return { step, error };
    }
  };
  const all = await Promise.all(steps.map(start));
  return all.filter((result) => typeof result === 'object');
};
