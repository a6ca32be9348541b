import { CemiflowError } from '../core/errors.ts';
import type { RunEstimates } from '../core/run-record.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import { basisText } from '../spec/rates.ts';
import type { Store } from '../store/index.ts';
import type { Device } from '../workflows/types.ts';
import { defaultTflops, estimateOf } from './estimating.ts';
import { measuredIn } from './measured.ts';
import type { Planned } from './planned.ts';

/**
 * What the nodes of a plan that are not made are expected to take, where something is known of them. Empty where the plan cannot be
 * estimated: its run starts nevertheless, and says itself what is wrong with a stage.
 */
export const expectedTimes = async (
  planned: Pick<Planned, 'plan' | 'expected'>,
  status: PlanStatus,
  store: Store,
  device: Device,
): Promise<RunEstimates> => {
  try {
    const speeds = { tflops: defaultTflops, measured: await measuredIn(store), device };
    const { nodes, machines } = await estimateOf(planned, status, store, speeds);
    const on = machines[0]?.machine?.name ?? `a GPU at ${defaultTflops} TFLOP/s`;
    const missing = planned.plan.nodes.filter(({ id }) => status.nodes.get(id)?.state !== 'hit');
    const times = missing.flatMap(({ id }) => {
      const { seconds, by } = nodes.get(id) ?? {};
      return seconds !== undefined && by ? [[id, { seconds, by: `${basisText(by)}, ${on}` }] as const] : [];
    });
    return Object.fromEntries(times);
  } catch (error) {
    if (error instanceof CemiflowError) return {};
    throw error;
  }
};
