import { expect, it, vi } from 'vitest';
import { loadRecompute, loadStage } from '../../engine/registry.ts';
import { kindPlaces } from '../../schemas/kind-places.ts';

vi.mock(import('../../schemas/kind-places.ts'), async (original) => {
  const module = await original();
  return { ...module, kindPlaces: vi.fn(module.kindPlaces) };
});

it('folders of stage kinds are searched once in a process', async () => {
  for (const kind of ['data/folder', 'data/procedural', 'no/such']) await loadRecompute(kind);
  await loadStage('data/procedural');
  await expect(loadStage('no/such')).rejects.toMatchObject({ code: 'UnknownKind' });
  expect(kindPlaces).toHaveBeenCalledTimes(1);
});
