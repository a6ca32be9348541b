import { describe, expect, it } from 'vitest';
import { Loaded } from '../../training/loaded.ts';

const thing = (log: string[], name: string) => async () => {
  log.push(`load ${name}`);
  return { name, dispose: () => void log.push(`dispose ${name}`) };
};
const nothing = async (): Promise<void> => {};

describe('what stays loaded', () => {
  it('is loaded once, and goes when others were used since', async () => {
    const log: string[] = [];
    const loaded = new Loaded<{ name: string; dispose(): void }>(2);
    for (const name of ['a', 'a', 'b', 'a', 'c']) await loaded.use(name, thing(log, name), nothing);
    expect(log).toEqual(['load a', 'load b', 'load c', 'dispose b']);
  });

  it('is not taken away while it is used', async () => {
    const log: string[] = [];
    const loaded = new Loaded<{ name: string; dispose(): void }>(1);
    await loaded.use('a', thing(log, 'a'), async () => {
      await loaded.use('b', thing(log, 'b'), nothing);
      expect(log).toEqual(['load a', 'load b', 'dispose b']);
    });
    expect(log).not.toContain('dispose a');
  });

  it('is shared by those who ask at the same time', async () => {
    const log: string[] = [];
    const loaded = new Loaded<{ name: string; dispose(): void }>(1);
    await Promise.all([1, 2, 3].map(() => loaded.use('a', thing(log, 'a'), nothing)));
    expect(log).toEqual(['load a']);
  });

  it('is loaded anew after a failure', async () => {
    const log: string[] = [];
    const loaded = new Loaded<{ name: string; dispose(): void }>(1);
    const fails = loaded.use('a', () => Promise.reject(new Error('the store is away')), nothing);
    await expect(fails).rejects.toThrow('the store is away');
    await loaded.use('a', thing(log, 'a'), nothing);
    expect(log).toEqual(['load a']);
  });
});
