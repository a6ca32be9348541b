export interface Stamp {
  readonly files: { readonly [path: string]: { readonly bytes: number; readonly digest: string } };
}
export const readStamp: (dir: string) => Stamp | undefined;
export const ensureEntry: (
  dir: string,
  make: (temporary: string) => Promise<{ files: readonly string[]; facts?: object }>,
) => Promise<void>;
export const writeStamp: (dir: string, files: readonly string[], facts?: object) => Promise<void>;
