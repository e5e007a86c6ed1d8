/** Prints the counts of a test run as its last line, `N passed, N failed`, from vitest's JSON report. A run that left no report counts as one failure. */
import { readFileSync } from 'node:fs';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  success: boolean;
  testResults: { name: string; status: string; message: string; assertionResults: { status: string; fullName: string }[] }[];
}

function readReport(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch (error) {
    console.log(`no test report: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

const report = readReport(process.argv[2] ?? '.cache/test-report.json');
const results = report?.testResults ?? [];
for (const file of results)
  for (const test of file.assertionResults) if (test.status === 'failed') console.log(`failed: ${file.name}: ${test.fullName}`);
// A file that could not be loaded has no tests in it, and is a failure all the same.
const unloaded = results.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
for (const file of unloaded) console.log(`failed: ${file.name}: ${file.message.split('\n')[0] ?? ''}`);
// Neither is a run that failed outside of every test, by an unhandled rejection for one.
const counted = (report?.numFailedTests ?? 0) + unloaded.length;
const failed = counted === 0 && report?.success !== true ? 1 : counted;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
console.log(`${report?.numPassedTests ?? 0} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || (report?.numPassedTests ?? 0) === 0 ? 1 : 0;
