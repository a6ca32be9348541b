export const summarize: (
  report:
    | {
        readonly numPassedTests?: number;
        readonly numFailedTests?: number;
        readonly testResults?: readonly {
          readonly status: string;
          readonly assertionResults: readonly { readonly status: string }[];
        }[];
      }
    | undefined,
  exitCodes: { readonly tests: number; readonly checks: readonly number[] },
) => { passed: number; failed: number };
