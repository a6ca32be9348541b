import type { Arguments } from './command.ts';

/** What the command line changes of a spec: its scale, and then single values. */
export const overridesOf = (args: Arguments): string[] => {
  const scale = args.text('scale');
  return [...(scale === undefined ? [] : [`scale=${JSON.stringify(scale)}`]), ...args.texts('set')];
};
