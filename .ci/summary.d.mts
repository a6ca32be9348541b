export const summarize: (
  report:
    | {
        readonly numPassedTests?: number;
        readonly numFailedTests?: number;
        readonly testResults?: readonly {
          readonly name: string;
          readonly status: string;
          readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
        }[];
      }
    | undefined,
  exitCodes: { readonly tests: number; readonly checks: readonly number[]; readonly files?: readonly string[] },
) => { passed: number; failed: number; failures: string[] };
