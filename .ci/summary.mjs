import { readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Counts what passed and failed, and names what failed.
 *
 * @param report vitest's JSON report; undefined when it wrote none
 * @param exitCodes of the tests, and of each further check
 * @param files that hold tests, absolute paths: each must have a result
 */
export const summarize = (report, { tests, checks, files = [] }) => {
  const results = report?.testResults ?? [];
  const failures = results.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
    // What is still waited for when all is over: its process died.
    const pending = assertionResults.filter((test) => test.status === 'pending');
    if (pending.length > 0) failed.push(`the process ended in or before "${pending[0].fullName}"`);
    // A file that cannot be loaded has no tests that could fail.
    if (failed.length === 0 && status === 'failed') failed.push('not run');
    return failed.map((what) => `${name}: ${what}`);
  });
  // A run without a report has failed once, not once per file.
  const reported = new Set(results.map((file) => file.name));
  if (report) failures.push(...files.filter((file) => !reported.has(file)).map((file) => `${file}: no result`));
  const failedChecks = checks.filter((code) => code !== 0).length;
  return {
    passed: (report?.numPassedTests ?? 0) + checks.length - failedChecks,
    // Tests that end badly for any other reason count as one failure, so that "0 failed" is never a lie.
    failed: (tests !== 0 ? Math.max(failures.length, 1) : failures.length) + failedChecks,
    failures,
  };
};

const testFiles = () =>
  readdirSync('test', { recursive: true })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => resolve('test', path));

const readReport = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, tests, ...checks] = process.argv.slice(2);
  const { passed, failed, failures } = summarize(readReport(path), {
    tests: Number(tests),
    checks: checks.map(Number),
    files: testFiles(),
  });
  for (const failure of failures) console.log(relative(process.cwd(), failure));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
