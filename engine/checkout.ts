import type { ActionRecord } from '../core/action.ts';
import { type Digest, shortDigest } from '../core/digest.ts';
import { wholeKind } from '../core/stage.ts';
import { codeDigests } from '../spec/code-digest.ts';

/** Why an action cannot be replayed by this code; undefined where it can. */
export const otherCode = ({ action, source }: ActionRecord, here: Digest | undefined): string | undefined => {
  if (here === action.code) return undefined;
  const commit = source.commit ? `; check out commit ${source.commit}` : '';
  const now = here ? `has the code ${shortDigest(here)}` : 'has no such kind';
  return `it was made by code ${shortDigest(action.code)}, this checkout ${now}${commit}`;
};

/** Code digests of this checkout; each kind is bundled once, when it is first needed. */
export class Checkout {
  readonly #codes = new Map<string, Promise<Digest | undefined>>();

  /** See `otherCode`. */
  async differsFrom(record: ActionRecord): Promise<string | undefined> {
    const kind = wholeKind(record.action.kind);
    const code = this.#codes.get(kind) ?? codeOf(kind);
    this.#codes.set(kind, code);
    return otherCode(record, await code);
  }
}

/** Undefined for a kind that this checkout does not have or cannot bundle. */
const codeOf = async (kind: string): Promise<Digest | undefined> =>
  codeDigests([kind]).then(
    (codes) => codes.get(kind)?.digest,
    () => undefined,
  );
