import { digestOf } from '../core/digest.ts';
import type { Plan } from '../core/plan.ts';
import { type OwnCode, readOwnKind } from '../engine/own-kinds/read.ts';
import { putSource } from '../engine/source-files.ts';
import type { CodeFiles } from '../spec/code-changes.ts';
import type { Store } from '../store/index.ts';

/** The code of kinds of users, as their folders hold it now. @param folders absolute, by kind @throws as `readOwnKind` */
export const readOwnKinds = async (folders: { readonly [kind: string]: string }): Promise<Map<string, OwnCode>> => {
  const found = new Map<string, OwnCode>();
  for (const [kind, folder] of Object.entries(folders)) found.set(kind, await readOwnKind({ kind, folder }));
  return found;
};

/** The same file by file, as saved plans compare it. */
export const ownCodeFiles = (codes: ReadonlyMap<string, OwnCode>): Map<string, CodeFiles> =>
  new Map(
    [...codes].map(([kind, { code, source }]) => [
      kind,
      {
        digest: code.digest,
        files: Object.fromEntries(source.files.map(({ path, bytes }) => [path, digestOf(bytes)])),
        packages: code.packages,
      },
    ]),
  );

/** Stores the code of the own kinds of a plan, for workers on any machine. @returns the plan, whose nodes say where it is */
export const storeOwnKinds = async (
  plan: Plan,
  codes: ReadonlyMap<string, OwnCode>,
  store: Pick<Store, 'putFile' | 'putArtifact'>,
): Promise<Plan> => {
  if (codes.size === 0) return plan;
  const kept = new Map<string, Plan['nodes'][number]['source']>();
  for (const [kind, { source }] of codes) kept.set(kind, (await putSource(store, source)).digest);
  return {
    ...plan,
    nodes: plan.nodes.map((node) => {
      const source = kept.get(node.kind);
      return source === undefined ? node : { ...node, source };
    }),
  };
};
