import { existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Writes JSON so that readers see the old content or the new, never half of it. */
export const writeJson = (path: string, value: unknown, mode = 0o600): void => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};

/** Does optional work on files: a full disk or too many open files are reported, and nothing fails. */
export const attempt = (what: string, work: () => void, say: (line: string) => void): void => {
  try {
    work();
  } catch (error) {
    say(`cannot ${what}: ${(error as Error).message}`);
  }
};

/** The file's JSON, or undefined when it is missing or unreadable as JSON. */
export const readJson = <T>(path: string): T | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
};

const maxLogBytes = 10 * 1024 * 1024;

/** Opens a log for appending; one over 10 MiB first becomes `.1`. */
export const openLog = (path: string): number => {
  if (existsSync(path) && statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
};

/** The last lines of a log, for an error message. */
export const tailOf = (path: string, lines = 5): string => {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
};
