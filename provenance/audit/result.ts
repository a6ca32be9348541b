import type { Finding } from '../findings/finding.ts';

/** What can be wrong, by the bit that it sets in the exit code. */
export const faultBits = { corrupt: 1, missing: 2, 'not reproduced': 4, 'not verifiable': 8 } as const;
export type Fault = keyof typeof faultBits;

export interface Problem {
  readonly fault: Fault;
  /** Where a person finds it: a node, a file, a number. */
  readonly where: string;
  readonly message: string;
}

/** One kind of check: how many were made, and how many of them held. */
export interface Check {
  readonly what: string;
  readonly held: number;
  readonly of: number;
}

export interface AuditResult {
  readonly run: string;
  readonly root?: string;
  readonly checks: readonly Check[];
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
}

/** The bits of all problems. */
export const exitCodeOf = (problems: readonly Problem[]): number =>
  problems.reduce((code, { fault }) => code | faultBits[fault], 0);

/** Gathers what an audit finds. */
export class Ledger {
  readonly #checks = new Map<string, { held: number; of: number }>();
  readonly #problems = new Map<string, Problem>();

  /** @param problem absent where the check held */
  note(what: string, problem?: Problem): void {
    const check = this.#checks.get(what) ?? { held: 0, of: 0 };
    this.#checks.set(what, { held: check.held + (problem ? 0 : 1), of: check.of + 1 });
    if (problem) this.add(problem);
  }

  /** A problem that belongs to no check. Equal ones are kept once. */
  add(problem: Problem): void {
    this.#problems.set(`${problem.fault} ${problem.where} ${problem.message}`, problem);
  }

  get checks(): Check[] {
    return [...this.#checks].map(([what, { held, of }]) => ({ what, held, of }));
  }

  get problems(): Problem[] {
    return [...this.#problems.values()];
  }
}
