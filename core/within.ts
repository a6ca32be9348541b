/**
 * Waits for work at most `ms` milliseconds. Past that the work continues, but no one awaits it any more, so a rejection is
 * swallowed here.
 */
export const within = async (ms: number, work: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work.catch(() => {}), late]);
  } finally {
    clearTimeout(timer);
  }
};
