import { readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What was still waited for when all was over: its process died. */
const firstPending = (file) => file.assertionResults.find((test) => test.status === 'pending')?.fullName;

/** Files whose process died, where nothing else failed. @returns the first test without a result, by file */
export const diedIn = (report) => {
  if (!report || report.numFailedTests > 0) return new Map();
  return new Map(report.testResults.filter(firstPending).map((file) => [file.name, firstPending(file)]));
};

/** The report with what a second run says of the files that it ran. */
export const withAgain = (report, again) => {
  if (!report || !again) return report;
  const names = new Set(again.testResults.map((file) => file.name));
  const kept = report.testResults.filter((file) => !names.has(file.name));
  const lost = report.testResults.filter((file) => names.has(file.name));
  const passed = (files) => files.flatMap((file) => file.assertionResults).filter((test) => test.status === 'passed');
  return {
    numPassedTests: report.numPassedTests - passed(lost).length + again.numPassedTests,
    numFailedTests: report.numFailedTests + again.numFailedTests,
    testResults: [...kept, ...again.testResults],
  };
};

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
    const pending = firstPending({ assertionResults });
    if (pending) failed.push(`the process died in or before "${pending}"`);
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

const main = (args) => {
  const first = readReport(args[0] === '--died' ? args[1] : args[0]);
  const died = diedIn(first);
  if (args[0] === '--died') {
    console.log([...died.keys()].map((name) => relative(process.cwd(), name)).join(' '));
    return died.size > 0;
  }
  const [, again, tests, ...checks] = args;
  const { passed, failed, failures } = summarize(withAgain(first, readReport(again)), {
    tests: Number(tests),
    checks: checks.map(Number),
    files: testFiles(),
  });
  for (const [name, test] of died)
    console.log(`${relative(process.cwd(), name)}: run again, died in or before "${test}"`);
  for (const failure of failures) console.log(relative(process.cwd(), failure));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main(process.argv.slice(2)) ? 0 : 1;
