import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { ArtifactType } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { PlanNode } from '../../core/plan.ts';
import { checkParams, loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';
import { Schedule } from '../../workflows/schedule.ts';
import { codeOf } from './harness.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const schemas = loadStageSchemas();

const nodesOf = (file: string): PlanNode[] =>
  expandSpec(readSpec(`pipelines/${file}`, { cwd: root }), schemas).nodes.map(
    (node) => ({ ...node, code: codeOf(node.kind) }) as PlanNode,
  );

const outputsOf = ({ id, outputs }: PlanNode) =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, type]) => [name, { type: type as ArtifactType, digest: digestOf(id + name) }]),
  );

/** Carries a plan out in the mind, where one node fails and is skipped. @returns the report's action */
const reportWithout = (nodes: PlanNode[], skipped: string) => {
  const schedule = new Schedule({ experiment: 'e', nodes });
  for (let wave = schedule.wave(); wave.length > 0; wave = schedule.wave())
    for (const { node, action } of wave) {
      if (Object.values(node.outputs).includes('report')) return action;
      schedule.start(node.id, 1);
      if (node.id !== skipped) schedule.succeed(node.id, { outputs: outputsOf(node), hit: false }, 2);
      else {
        schedule.fail(node.id, { code: 'Bad', message: 'bad', remedy: 'mend it' }, 2);
        schedule.skip([node.id], 'it is bad');
      }
    }
  return undefined;
};

test.each(['quickstart.yaml', 'smoke.yaml'])('the report of %s can be made without any one of its stages', (file) => {
  const nodes = nodesOf(file);
  const others = nodes.filter(({ outputs }) => !Object.values(outputs).includes('report'));
  expect(others.length).toBeGreaterThan(10);
  for (const { id } of others) {
    const action = reportWithout(nodes, id);
    expect(action?.kind, id).toBe('report/build');
    expect(checkParams(schemas.get('report/build') as StageSchema, action?.params ?? {}), id).toEqual(action?.params);
  }
});
