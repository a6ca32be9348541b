/** One line of `cemiflow doctor`. */
export interface Check {
  readonly name: string;
  /** `note`: worth a look, and no reason for exit code 1. */
  readonly state: 'ok' | 'note' | 'failed';
  /** What was found. */
  readonly found: string;
  /** What to do; every line that is not `ok` has one. */
  readonly remedy?: string;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found });
export const note = (name: string, found: string, remedy: string): Check => ({ name, state: 'note', found, remedy });
export const failed = (name: string, found: string, remedy: string): Check => ({
  name,
  state: 'failed',
  found,
  remedy,
});

/** `12.4 GB`, or `unknown` */
export const formatBytes = (bytes: number | 'unknown'): string =>
  typeof bytes === 'number' && Number.isFinite(bytes) ? `${(bytes / 1e9).toFixed(1)} GB` : 'unknown';
