import { describe, expect, it } from 'vitest';
import type { Outputs } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import type { PlanNode } from '../../core/plan.ts';
import { Schedule } from '../../workflows/schedule.ts';
import { node, output } from './harness.ts';

const failure = { code: 'Bad', message: 'it is bad', remedy: 'mend it' };
const made = (of: string): Outputs => ({ out: { type: 'metrics', digest: digestOf(of) } });
const stage = (id: string, ...needs: string[]): PlanNode => node(id, 'test/any', { id, from: needs.map(output) });
const report = (id: string, ...needs: string[]): PlanNode => ({ ...stage(id, ...needs), outputs: { out: 'report' } });

const scheduleOf = (...nodes: PlanNode[]): Schedule => {
  const schedule = new Schedule({ experiment: 'e', nodes });
  schedule.wave();
  return schedule;
};
const states = (schedule: Schedule): { [id: string]: string } =>
  Object.fromEntries(schedule.progress().map(({ id, state }) => [id, state]));
const succeed = (schedule: Schedule, id: string, hit = false): void => {
  schedule.start(id, 1);
  schedule.succeed(id, { outputs: made(id), hit }, 2);
  schedule.wave();
};
const fail = (schedule: Schedule, id: string): void => {
  schedule.start(id, 1);
  schedule.fail(id, failure, 2);
  schedule.wave();
};

describe('a failed stage', () => {
  it('leaves the run going until nothing else can start, and then stuck', () => {
    const schedule = scheduleOf(stage('a'), stage('b', 'a'), stage('c'));
    fail(schedule, 'a');
    expect(schedule.standing()).toBe('going');
    succeed(schedule, 'c');
    expect(states(schedule)).toEqual({ a: 'failed', b: 'blocked', c: 'done' });
    expect(schedule.standing()).toBe('stuck');
  });

  it('starts again when it is retried, and frees what waited behind it', () => {
    const schedule = scheduleOf(stage('a'), stage('b', 'a'));
    fail(schedule, 'a');
    schedule.retry(schedule.failedNodes());
    expect(schedule.progress()[0]).toMatchObject({ state: 'waiting', failure: undefined, startedAtMs: undefined });
    expect(schedule.wave().map(({ node: { id } }) => id)).toEqual(['a']);
    succeed(schedule, 'a');
    succeed(schedule, 'b');
    expect(schedule.standing()).toBe('done');
  });

  it('keeps blocking what also needs another failed one', () => {
    const schedule = scheduleOf(stage('a'), stage('b'), stage('c', 'a', 'b'));
    fail(schedule, 'a');
    fail(schedule, 'b');
    schedule.retry(['a']);
    schedule.wave();
    expect(states(schedule)).toEqual({ a: 'ready', b: 'failed', c: 'blocked' });
  });
});

describe('stages with one key', () => {
  const twin = (id: string, ...needs: string[]): PlanNode => ({ ...stage(id, ...needs), params: stage('twin').params });

  it('are never under way together, and the later ones are hits', () => {
    const schedule = scheduleOf(twin('a'), stage('other'), twin('b'));
    const started: string[] = [];
    for (let ready = schedule.next(); ready; ready = schedule.next()) {
      schedule.start(ready.node.id, 1);
      started.push(ready.node.id);
    }
    expect(started).toEqual(['a', 'other']);
    schedule.succeed('a', { outputs: made('a'), hit: false }, 2);
    expect(states(schedule)).toEqual({ a: 'done', other: 'running', b: 'hit' });
  });

  it('are so too where one is ready only while the other runs', () => {
    const reads = (id: string, of: string): PlanNode => node(id, 'test/any', { from: [output(of)] });
    const schedule = scheduleOf(twin('a'), stage('slow'), reads('x', 'a'), reads('y', 'slow'));
    succeed(schedule, 'a');
    schedule.start('x', 3);
    schedule.start('slow', 3);
    schedule.succeed('slow', { outputs: made('a'), hit: false }, 4);
    schedule.wave();
    expect(states(schedule)).toMatchObject({ x: 'running', y: 'ready' });
    expect(schedule.next()).toBeUndefined();
    schedule.succeed('x', { outputs: made('x'), hit: false }, 5);
    expect(states(schedule)).toMatchObject({ x: 'done', y: 'hit' });
  });
});

describe('the names of failed stages', () => {
  const nodes = ['0', '1'].map((m) => ({ ...stage(`s[m=${m}]`), stage: 's' }));
  const schedule = scheduleOf(...nodes, stage('ok'), stage('behind', 's[m=0]'));
  fail(schedule, 's[m=0]');
  fail(schedule, 's[m=1]');
  succeed(schedule, 'ok');

  it('are those of nodes, or of a stage for all its failed nodes, each once', () => {
    expect(schedule.failedNodes(['s[m=1]'])).toEqual(['s[m=1]']);
    expect(schedule.failedNodes(['s', 's[m=0]'])).toEqual(['s[m=0]', 's[m=1]']);
    expect(schedule.failedNodes()).toEqual(['s[m=0]', 's[m=1]']);
  });

  it.each([
    ['sss', 'UnknownStage', 'this run has no stage sss'],
    ['ok', 'StageNotFailed', 'ok has not failed: it is done'],
    ['behind', 'StageNotFailed', 'behind has not failed: it is blocked'],
  ])('do not contain %s', (name, code, message) => {
    const remedy = 'these have failed: s[m=0], s[m=1]';
    expect(() => schedule.failedNodes([name])).toThrow(expect.objectContaining({ code, message, remedy }));
  });

  it('are asked of a run that has none', () => {
    expect(() => scheduleOf(stage('a')).failedNodes()).toThrow(expect.objectContaining({ code: 'NothingFailed' }));
    expect(() => schedule.failedNodes([])).toThrow(expect.objectContaining({ code: 'NothingFailed' }));
  });
});

describe('a skipped stage', () => {
  it('takes along what needs it, near and far, with its reason', () => {
    const schedule = scheduleOf(stage('a'), stage('b', 'a'), stage('c', 'b'), stage('d'));
    fail(schedule, 'a');
    schedule.skip(['a'], 'the disk is broken');
    schedule.wave();
    succeed(schedule, 'd');
    expect(schedule.standing()).toBe('done');
    expect(schedule.progress().map(({ state, skipped, failure: why }) => [state, skipped?.because, why])).toEqual([
      ['skipped', 'the disk is broken', undefined],
      ['skipped', 'needs a: the disk is broken', undefined],
      ['skipped', 'needs a: the disk is broken', undefined],
      ['done', undefined, undefined],
    ]);
  });

  it('is left out of a report, whose action says so', () => {
    const schedule = scheduleOf(stage('a'), stage('b'), stage('c', 'a'), report('r', 'b', 'c', 'a'));
    fail(schedule, 'a');
    succeed(schedule, 'b');
    expect(states(schedule).r).toBe('blocked');
    schedule.skip(['a'], 'no time');
    expect(schedule.wave().map(({ action }) => action.params)).toEqual([
      {
        id: 'r',
        from: [made('b').out],
        skipped: [
          { stage: 'c', because: 'needs a: no time' },
          { stage: 'a', because: 'no time' },
        ],
      },
    ]);
    expect(schedule.progress().at(-1)?.waitsFor).toEqual([]);
  });

  it('leaves a report waiting for another failed one', () => {
    const schedule = scheduleOf(stage('a'), stage('b'), report('r', 'a', 'b'));
    fail(schedule, 'a');
    fail(schedule, 'b');
    schedule.skip(['a'], 'no time');
    schedule.wave();
    expect(states(schedule)).toEqual({ a: 'skipped', b: 'failed', r: 'blocked' });
  });
});

describe('damaged inputs', () => {
  const started = (): Schedule => {
    const schedule = scheduleOf(stage('a'), stage('b'), stage('c', 'a', 'b'), stage('d', 'a'));
    succeed(schedule, 'a');
    succeed(schedule, 'b', true);
    schedule.start('c', 3);
    return schedule;
  };

  it('are made anew by the stage that made them, then the one that could not read them runs again', () => {
    const schedule = started();
    schedule.repair('c', new Set([digestOf('b')]));
    expect(states(schedule)).toEqual({ a: 'done', b: 'waiting', c: 'waiting', d: 'ready' });
    expect(schedule.wave().map(({ node: { id } }) => id)).toEqual(['b']);
    succeed(schedule, 'b');
    expect(states(schedule)).toEqual({ a: 'done', b: 'done', c: 'ready', d: 'ready' });
  });

  it('hold back other stages that would read them', () => {
    const schedule = started();
    schedule.repair('c', new Set([digestOf('a')]));
    expect(states(schedule)).toEqual({ a: 'waiting', b: 'hit', c: 'waiting', d: 'waiting' });
  });

  it('that are sound by now let the stage run again alone', () => {
    const schedule = started();
    schedule.repair('c', new Set());
    expect(schedule.wave().map(({ node: { id } }) => id)).toEqual(['c']);
  });

  it('are repaired three times for one stage, and again after a person retried it', () => {
    const schedule = started();
    for (let i = 0; i < 3; i++) {
      expect(schedule.mayRepair('c')).toBe(true);
      schedule.repair('c', new Set());
    }
    expect(schedule.mayRepair('c')).toBe(false);
    schedule.fail('c', failure, 4);
    schedule.retry(['c']);
    expect(schedule.mayRepair('c')).toBe(true);
  });
});

describe('the next stage to start', () => {
  it('is the one with the longest way behind it, and of equal ones the first', () => {
    const chain = [stage('a'), stage('b', 'a'), stage('c', 'b'), stage('d', 'c'), stage('e', 'd')];
    const schedule = scheduleOf(stage('x'), stage('y'), ...chain);
    const order = [];
    for (let next = schedule.next(); next; next = schedule.next()) {
      order.push([next.node.id, next.priority]);
      succeed(schedule, next.node.id);
    }
    expect(order).toEqual([
      ...[
        ['a', 1],
        ['b', 2],
        ['c', 3],
        ['d', 4],
      ],
      ...[
        ['x', 5],
        ['y', 5],
        ['e', 5],
      ],
    ]);
  });
});
