import type { Digest } from '../core/digest.ts';

/** The code of a stage kind, file by file. */
export interface CodeFiles {
  readonly digest: Digest;
  /** Source files by their path in the repository. */
  readonly files: { readonly [path: string]: Digest };
  /** `name@version`, sorted. */
  readonly packages: readonly string[];
}

/** What differs between two states of the code of one stage kind. */
export interface CodeChange {
  readonly kind: string;
  /** Whether the code digest changed. Comments, formatting and unused helpers change files but not the digest. */
  readonly effective: boolean;
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** `sharp: 0.35.4 → 0.35.5` */
  readonly packages: readonly string[];
}

/** @returns undefined where nothing differs */
export const codeChange = (kind: string, before: CodeFiles, now: CodeFiles): CodeChange | undefined => {
  const [old, fresh] = [Object.keys(before.files), Object.keys(now.files)];
  const change: CodeChange = {
    kind,
    effective: before.digest !== now.digest,
    changed: fresh.filter((path) => path in before.files && before.files[path] !== now.files[path]).sort(),
    added: fresh.filter((path) => !(path in before.files)).sort(),
    removed: old.filter((path) => !(path in now.files)).sort(),
    packages: packageChanges(before.packages, now.packages),
  };
  const any = [change.changed, change.added, change.removed, change.packages].some(({ length }) => length > 0);
  return change.effective || any ? change : undefined;
};

/** One line such as `nn/optim/adamw.ts changed, nn/kernels/fused.ts added`. @param most how many files to name */
export const tellCodeChange = (
  { changed, added, removed, packages }: Omit<CodeChange, 'kind' | 'effective'>,
  most = Number.POSITIVE_INFINITY,
): string => {
  const all = [
    ...changed.map((path) => [path, 'changed']),
    ...added.map((path) => [path, 'added']),
    ...removed.map((path) => [path, 'removed']),
    ...packages.map((each) => ['package', each]),
  ].map((words) => words.join(' '));
  if (all.length === 0) return 'no file is known that differs';
  return [...all.slice(0, most), ...(all.length > most ? [`and ${all.length - most} more`] : [])].join(', ');
};

const packageChanges = (before: readonly string[], now: readonly string[]): string[] => {
  const [old, fresh] = [versionsOf(before), versionsOf(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .sort()
    .filter((name) => old.get(name) !== fresh.get(name))
    .map((name) => `${name}: ${old.get(name) ?? '(none)'} → ${fresh.get(name) ?? '(none)'}`);
};

/** `@scope/name@1.2.3` */
const versionsOf = (packages: readonly string[]): Map<string, string> =>
  new Map(packages.map((each) => [each.slice(0, each.lastIndexOf('@')), each.slice(each.lastIndexOf('@') + 1)]));
