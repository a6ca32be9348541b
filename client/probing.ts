import { hostname } from 'node:os';
import type { MachineKind } from '../core/machine-kind.ts';
import type { PlanNode } from '../core/plan.ts';
import { isoTime } from '../core/time.ts';
import { probe } from '../engine/probe/client.ts';
import { kindPlaces } from '../schemas/kind-places.ts';
import { gpuOf } from '../services/config.ts';
import { workerEnv } from '../services/environment.ts';
import type { Given } from '../spec/estimate.ts';
import { type Measurement, paceOf } from '../spec/rates.ts';
import type { Caller } from './caller.ts';

/** Long enough for a rate that is right within a few percent. */
const probeSeconds = 20;

/**
 * Measures the kinds of work that were not measured on this machine yet, each by the node that has the most of it. Kinds that have
 * no probe are left out.
 *
 * @param actions with their work in multiplications
 * @param nodes of the whole plan
 */
export const probeActions = async (
  actions: readonly (readonly [node: PlanNode, work: number])[],
  nodes: readonly PlanNode[],
  given: Given,
  measured: readonly Measurement[],
  device: MachineKind['device'],
  { env, signal, on }: Pick<Caller, 'env' | 'signal' | 'on'>,
): Promise<Measurement[]> => {
  const host = hostname();
  const probes = new Set(kindPlaces().flatMap(({ kind, probe: module }) => (module ? [kind] : [])));
  const isMeasured = (node: PlanNode): boolean => {
    const { kind, precision } = paceOf(node);
    return measured.some(
      (each) =>
        each.host === host && each.machine.device === device && each.kind === kind && each.precision === precision,
    );
  };
  const largest = new Map<string, readonly [node: PlanNode, work: number]>();
  for (const action of actions) {
    const [node, work] = action;
    const pace = JSON.stringify(paceOf(node));
    if (work > (largest.get(pace)?.[1] ?? 0) && probes.has(node.kind) && !isMeasured(node)) largest.set(pace, action);
  }
  const found: Measurement[] = [];
  const [expected, stored] = [[...given.expected], [...given.stored]];
  const childEnv = { ...workerEnv(env), CUDA_VISIBLE_DEVICES: gpuOf(env.CUDA_VISIBLE_DEVICES, 0) };
  for (const [node] of largest.values()) {
    on({ kind: 'step', what: `measuring ${node.kind} by ${node.id} for about ${probeSeconds} s` });
    const request = { device, seconds: probeSeconds, node: node.id, nodes, expected, stored };
    const probed = await probe(request, { env: childEnv, signal });
    if (probed) found.push({ ...paceOf(node), ...probed, host, endedAt: isoTime(new Date()), probed: true });
    else on({ kind: 'step', what: `${node.kind} could not be measured` });
  }
  return found;
};
