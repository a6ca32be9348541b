interface TestReport {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export const summarize: (
  report: TestReport | undefined,
  exitCodes: { readonly tests: number; readonly checks: readonly number[]; readonly files?: readonly string[] },
) => { passed: number; failed: number; failures: string[] };

export const diedIn: (report: TestReport | undefined) => Map<string, string>;

export const withAgain: (report: TestReport | undefined, again: TestReport | undefined) => TestReport | undefined;
