import { describe, expect, it } from 'vitest';
import { type Action, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import { type Plan, toAction } from '../../core/plan.ts';
import { compilePlan } from '../../spec/compile.ts';
import { type History, planStatus } from '../../spec/plan-status.ts';
import { readSpec } from '../../spec/spec.ts';
import { fixtureSchemas, writeSpecs } from './helpers.ts';

const text = `experiment: demo
seed: 7
stages:
  faces: {uses: data/procedural}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}"}}
  verify: {uses: evaluate/verification, matrix: {n: [1, 2]}, with: {recognizer: "\${{ stages.teacher }}", title: "n \${{ matrix.n }}"}}
report: {verification: "\${{ stages.verify[*] }}"}
`;

const planOf = async (set: string[] = [], code = 'v1'): Promise<Plan> => {
  const cwd = writeSpecs({ 'spec.yaml': text });
  const codes = new Map(
    [...fixtureSchemas.keys()].map((kind) => [kind, { digest: digestOf(kind === 'recognizer/train' ? code : kind) }]),
  );
  return compilePlan(readSpec('spec.yaml', { cwd, set }), {
    schemas: fixtureSchemas,
    codes,
    resolveContent: async () => digestOf(''),
  });
};

/** A store in memory in which plans can be "run": outputs are a function of the key. */
class Done implements History {
  readonly records = new Map<string, ActionRecord>();
  readonly last = new Map<string, Action>();
  readonly asked: number[] = [];

  run(plan: Plan, until = plan.nodes.length): this {
    const outputs = new Map<string, Outputs>();
    for (const node of plan.nodes.slice(0, until)) {
      const action = toAction(node, outputs);
      const key = actionKey(action);
      const made = Object.entries(node.outputs).map(([name, type]) => [
        name,
        { type, digest: digestOf(`${key} ${name}`) },
      ]);
      outputs.set(node.id, Object.fromEntries(made));
      this.records.set(key, { key, action, outputs: outputs.get(node.id) } as ActionRecord);
      this.last.set(node.id, action);
    }
    return this;
  }
  async lookup(keys: readonly string[]) {
    this.asked.push(keys.length);
    return new Map(
      keys.flatMap((key) => (this.records.has(key) ? [[key, this.records.get(key)]] : [])) as [never, ActionRecord][],
    );
  }
  async latest(ids: readonly string[]) {
    return new Map(ids.flatMap((id) => (this.last.has(id) ? [[id, this.last.get(id) as Action] as const] : [])));
  }
}

const shown = async (plan: Plan, history: History): Promise<{ [id: string]: string }> => {
  const { nodes } = await planStatus(plan, history);
  return Object.fromEntries(
    [...nodes].map(([id, status]) => [id, 'reason' in status ? `${status.state}: ${status.reason}` : status.state]),
  );
};

describe('the status of a plan', () => {
  it('on an empty store the roots were never run, the others wait for them', async () => {
    expect(await shown(await planOf(), new Done())).toEqual({
      faces: 'miss: never run',
      teacher: 'pending: waits for faces',
      'verify[n=1]': 'pending: waits for teacher',
      'verify[n=2]': 'pending: waits for teacher',
      report: 'pending: waits for verify[n=1], verify[n=2]',
    });
  });

  it('names the first five that a node waits for', async () => {
    const { report } = await shown(await planOf(['stages.verify.matrix.n=[1, 2, 3, 4, 5, 6, 7]']), new Done());
    expect(report).toBe(
      'pending: waits for verify[n=1], verify[n=2], verify[n=3], verify[n=4], verify[n=5], and 2 more',
    );
  });

  it('after a run all are hits, asked in bulk level by level', async () => {
    const plan = await planOf();
    const history = new Done().run(plan);
    expect(Object.values(await shown(plan, history))).toEqual(['hit', 'hit', 'hit', 'hit', 'hit']);
    expect(history.asked).toEqual([1, 1, 2, 1]);
  });

  it('a changed parameter is named with both values', async () => {
    const history = new Done().run(await planOf());
    const status = await shown(
      await planOf(['stages.teacher.with.epochs=12', 'stages.teacher.with.head={margin: 0.3}']),
      history,
    );
    expect(status).toMatchObject({
      faces: 'hit',
      teacher: 'miss: parameter epochs: 14 → 12; parameter head.margin: 0.4 → 0.3',
      'verify[n=1]': 'pending: waits for teacher',
    });
  });

  it('changed code, seed and kind are named', async () => {
    const history = new Done().run(await planOf());
    expect(await shown(await planOf([], 'v2'), history)).toMatchObject({ faces: 'hit', teacher: 'miss: code changed' });
    expect(await shown(await planOf(['seed=8']), history)).toMatchObject({ faces: 'miss: seed: 7 → 8' });
    const folder = await planOf(['stages.faces={uses: data/folder, with: {path: x}}']);
    expect(await shown(folder, history)).toMatchObject({ faces: 'miss: stage kind: data/procedural → data/folder' });
  });

  it('input data that changed upstream is named by its stage', async () => {
    const other = await planOf(['stages.faces.with.size=64']);
    const history = new Done().run(await planOf()).run(other, 1);
    history.last.set(
      'teacher',
      toAction((await planOf()).nodes[1] as never, new Map([['faces', outputsOf(history, 'old')]])),
    );
    expect(await shown(other, history)).toMatchObject({
      faces: 'hit',
      teacher: 'miss: input data changed (stages.faces)',
    });
  });

  it('a record whose outputs are gone says so', async () => {
    const plan = await planOf();
    const history = new Done().run(plan);
    history.records.delete(actionKey(history.last.get('faces') as Action));
    expect(await shown(plan, history)).toMatchObject({ faces: 'miss: outputs missing from the store' });
  });
});

const outputsOf = (_: Done, name: string): Outputs => ({ data: { type: 'dataset', digest: digestOf(name) } });
