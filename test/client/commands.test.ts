import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { approveCommands, commandLines, commandsIn } from '../../client/commands.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { PlanNode } from '../../core/plan.ts';

const node = (id: string, kind: string, params: JsonObject): PlanNode => ({
  ...{ id, stage: id, kind, params, matrix: {}, seed: 0, code: digestOf(kind), resource: 'cpu', sharded: false },
  outputs: {},
});
const program = (more: JsonObject = {}): PlanNode =>
  node('train', 'command/run', {
    ...{ command: ['python3', 'train.py', 3], content: digestOf('folder'), secrets: ['HF_TOKEN'], env: {} },
    ...{ image: null, packages: null, sandbox: false, ...more },
  });
const linesOf = (...nodes: PlanNode[]): string[] => commandLines(commandsIn({ nodes }));

it('lists a program with all that decides on what really runs', () => {
  const code = digestOf('folder').slice(7, 19);
  expect(linesOf(program())).toEqual([`train: python3 train.py 3 (code ${code}, given HF_TOKEN)`]);
  const image = `example.org/x@sha256:${'a'.repeat(64)}`;
  expect(linesOf(program({ image, env: { A: 'b\u0007' }, sandbox: true }))).toEqual([
    `train: python3 train.py 3 (code ${code}, given HF_TOKEN, image ${image}, env {"A":"b\\u0007"}, sandbox true)`,
  ]);
  expect(linesOf(node('darker', 'own/dim', {}), node('also', 'own/dim', {}))).toEqual([
    `darker and 1 other node: own/dim (code ${digestOf('own/dim').slice(7, 19)})`,
  ]);
});

it('asks again where anything of that is another', async () => {
  const home = mkdtempSync(join(tmpdir(), 'approved-'));
  const asked = async (...nodes: PlanNode[]): Promise<number> => {
    let count = 0;
    const yes = async (commands: readonly unknown[]): Promise<boolean> => {
      count = commands.length;
      return true;
    };
    await approveCommands(commandsIn({ nodes }), yes, { home });
    return count;
  };
  expect(await asked(program())).toBe(1);
  expect(await asked(program())).toBe(0);
  for (const more of [
    { image: `example.org/evil@sha256:${'b'.repeat(64)}` },
    { env: { PYTHONSTARTUP: 'x.py' } },
    { packages: 'requirements.txt' },
    { sandbox: true },
    { secrets: [] },
    { content: digestOf('other') },
  ] as JsonObject[])
    expect([more, await asked(program(more)), await asked(program(more))]).toEqual([more, 1, 0]);
  expect(await asked(node('a', 'data/procedural', {}))).toBe(0);
});
