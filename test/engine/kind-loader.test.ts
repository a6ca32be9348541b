import { expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { type KindAccess, kindLoader } from '../../engine/kind-loader.ts';

const code = digestOf('code');

/** What is loaded, by name. */
const accessTo = (loaded: string[], refusesPrograms: boolean): KindAccess => ({
  refusesPrograms,
  loadStage: async (kind) => {
    loaded.push(kind);
    return { run: async () => ({}) };
  },
  loadOwn: async (kind) => {
    loaded.push(kind);
    return { stage: { run: async () => ({}) }, source: async () => ({}) as never };
  },
  codes: async () => new Map(['data/procedural', 'command/run'].map((kind) => [kind, code])),
  source: async () => async () => ({}) as never,
});

it('loads nothing of a user where that is not allowed: a module runs as it is loaded', async () => {
  const loaded: string[] = [];
  const load = kindLoader(accessTo(loaded, true));
  for (const [kind, source] of [
    ['command/run', undefined],
    ['own/dim', digestOf('source')],
  ] as const)
    await expect(load(kind, code, source)).rejects.toMatchObject({ code: 'ProgramsRefused', data: { kind } });
  await load('data/procedural', code);
  expect(loaded).toEqual(['data/procedural']);
});

it('loads a kind of a user by the artifact that holds it, and the others by their names', async () => {
  const loaded: string[] = [];
  const load = kindLoader(accessTo(loaded, false));
  await load('command/run', code);
  await load('own/dim', code, digestOf('source'));
  expect(loaded).toEqual(['command/run', 'own/dim']);
});
