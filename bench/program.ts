import type { CemiflowError } from '../core/errors.ts';

/** A line on standard error: beside the result, which goes to standard output. */
export const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a program of measurements to its exit code; what it throws is printed, with its remedy, and ends with 2. */
export const runProgram = async (main: () => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await main();
  } catch (error) {
    const { code, remedy, message } = error as Partial<CemiflowError>;
    note(code ? `error[${code}]: ${message}${remedy ? `\n  remedy: ${remedy}` : ''}` : String((error as Error).stack));
    process.exitCode = 2;
  }
};
