import { type ChildWorkflowHandle, startChild } from '@temporalio/workflow';
import type { StageResult } from '../engine/stage-activities.ts';
import { callStage, queueOf } from './activities.ts';
import type { Ready } from './schedule.ts';
import { pauseShards, sharded } from './sharded.ts';
import type { ExperimentInput } from './types.ts';

/** Carries stages out: one activity each, or a child workflow for a sharded stage. */
export class Stages {
  readonly #input: ExperimentInput;
  readonly #children = new Map<string, Promise<ChildWorkflowHandle<typeof sharded>>>();

  constructor(input: ExperimentInput) {
    this.#input = input;
  }

  run({ node, action, priority }: Ready): Promise<StageResult> {
    const { plan, checkpoint, heartbeatSeconds } = this.#input;
    const { id, kind } = node;
    if (node.sharded) return this.#runShards({ node, action, priority });
    return callStage(
      'runStage',
      { id, queue: queueOf(node, this.#input), summary: `${id} · ${kind}`, heartbeatSeconds, priority },
      { nodeId: id, experiment: plan.experiment, action, places: node.places, source: node.source, checkpoint },
    );
  }

  async #runShards({ node, action, priority }: Omit<Ready, 'key'>): Promise<StageResult> {
    const { plan, ...settings } = this.#input;
    const { id, kind, seed, code, resource, places, source } = node;
    const child = startChild(sharded, {
      workflowId: `${settings.runId}/${id}`,
      // A run that was ended by force and started again may find its child of before still on its way out.
      workflowIdReusePolicy: 'TERMINATE_IF_RUNNING',
      staticSummary: `${id} · ${kind}`,
      args: [
        {
          ...settings,
          node: { id, kind, seed, code, resource, places, source },
          params: action.params,
          priority,
          experiment: plan.experiment,
        },
      ],
    });
    this.#children.set(id, child);
    try {
      return await (await child).result();
    } finally {
      this.#children.delete(id);
    }
  }

  /** Sharded stages under way start no further shard while paused. */
  setPaused(paused: boolean): void {
    for (const child of this.#children.values())
      child
        .then((handle) => handle.signal(pauseShards, paused))
        // It has ended meanwhile.
        .catch(() => {});
  }
}
