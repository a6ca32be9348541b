import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * Counts what passed and failed.
 *
 * @param report vitest's JSON report; undefined when it wrote none
 * @param exitCodes of the tests, and of each further check
 */
export const summarize = (report, { tests, checks }) => {
  const broken = (report?.testResults ?? []).filter(
    // A file that cannot be loaded has no tests that could fail.
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failedTests = (report?.numFailedTests ?? 0) + broken.length;
  const failedChecks = checks.filter((code) => code !== 0).length;
  return {
    passed: (report?.numPassedTests ?? 0) + checks.length - failedChecks,
    // Tests that end badly for any other reason count as one failure, so that "0 failed" is never a lie.
    failed: (tests !== 0 ? Math.max(failedTests, 1) : failedTests) + failedChecks,
  };
};

const readReport = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, tests, ...checks] = process.argv.slice(2);
  const { passed, failed } = summarize(readReport(path), { tests: Number(tests), checks: checks.map(Number) });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
