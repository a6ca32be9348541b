import type { MachineKind } from '../core/machine-kind.ts';
import type { PlanNode } from '../core/plan.ts';
import type { NodeEstimate } from './estimate.ts';
import { type Basis, type Measurement, machinesIn, operations, paceOf, type Rate, rateOf } from './rates.ts';

/** What an action is expected to cost. */
export interface ActionCost extends NodeEstimate {
  /** At the assumed rate. */
  readonly gpuHours?: number;
  /** Of compute on the first of the plan's machines; absent where the work is not known. */
  readonly seconds?: number;
  /** What the seconds were estimated by; absent where there is no work. */
  readonly by?: Basis;
  /** A node before it that is the same action, which is done and counted once. */
  readonly sameAs?: string;
}

/** What actions would take on one kind of machine. */
export interface MachineCost {
  /** Absent for a GPU of the assumed rate. */
  readonly machine?: MachineKind;
  readonly hours: number;
  /** How many of the actions were estimated by what. */
  readonly by: { readonly [from in Basis['from']]?: number };
}

/** How fast the machines are taken to be. */
export interface Speeds {
  /** Of a GPU that was never measured, in 10¹² operations a second. */
  readonly tflops: number;
  readonly measured: readonly Measurement[];
  /** Machines that compute elsewhere are left out. */
  readonly device?: MachineKind['device'];
  /** Name of this machine, as records have it. */
  readonly host: string;
}

/** Times of work at given speeds. */
export class Costs {
  readonly #speeds: Speeds;
  readonly #assumed: Rate;
  /** Kinds of machines that were measured, this host's first. */
  readonly #machines: readonly MachineKind[];

  constructor(speeds: Speeds) {
    const { tflops, measured, device, host } = speeds;
    this.#speeds = speeds;
    this.#assumed = { operationsPerSecond: tflops * 1e12, by: { from: 'nominal', count: 0 } };
    this.#machines = machinesIn(measured, host).filter((each) => device === undefined || each.device === device);
  }

  /** @param work multiplications, each with an addition @returns at the assumed rate */
  gpuHours(work: number): number {
    return secondsOf(work, this.#assumed) / 3600;
  }

  ofAction(node: PlanNode, estimate: NodeEstimate): ActionCost {
    const { work } = estimate;
    if (work === undefined) return estimate;
    const rate = this.#rate(node, this.#machines[0]);
    return {
      ...{ ...estimate, gpuHours: this.gpuHours(work), seconds: secondsOf(work, rate) },
      ...(work > 0 && { by: rate.by }),
    };
  }

  /** The same actions on each kind of machine; on the assumed GPU alone where none was measured. */
  byMachine(actions: readonly (readonly [PlanNode, NodeEstimate])[]): MachineCost[] {
    const machines = this.#machines.length > 0 ? this.#machines : [undefined];
    return machines.map((machine) => {
      const by: { [from in Basis['from']]?: number } = {};
      let seconds = 0;
      for (const [node, { work = 0 }] of actions) {
        if (work === 0) continue;
        const rate = this.#rate(node, machine);
        seconds += secondsOf(work, rate);
        by[rate.by.from] = (by[rate.by.from] ?? 0) + 1;
      }
      return { ...(machine && { machine }), hours: seconds / 3600, by };
    });
  }

  #rate(node: PlanNode, machine: MachineKind | undefined): Rate {
    const own = this.#speeds.measured.filter((each) => each.machine.name === machine?.name);
    return rateOf(paceOf(node), own) ?? this.#assumed;
  }
}

const secondsOf = (work: number, { operationsPerSecond }: Rate): number => operations(work) / operationsPerSecond;
