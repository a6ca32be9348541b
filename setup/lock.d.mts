export interface LockHolder {
  readonly pid: number;
  readonly start: string;
  readonly token: string;
}
export const processStart: (pid: number) => string | undefined;
export const isAlive: (holder: { readonly pid: number; readonly start: string | undefined } | undefined) => boolean;
export const lockHolder: (path: string) => LockHolder | undefined;
export const acquireLock: (
  path: string,
  options?: { onWait?: (holder: LockHolder) => void; timeoutMs?: number },
) => Promise<() => void>;
