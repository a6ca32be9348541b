import { CemiflowError } from '../../../core/errors.ts';
import type { FuzzTarget } from '../target.ts';

/** How a case ended: read, refused with a code, or a finding. */
export type Outcome = { readonly code: string } | { readonly finding: string };

/** Runs a case. A refusal must be a CemiflowError; `FormatInvalid` must name the file and a byte. */
export const judge = async (target: FuzzTarget, bytes: Uint8Array): Promise<Outcome> => {
  try {
    await target.run(bytes);
    return { code: 'read' };
  } catch (error) {
    if (!(error instanceof CemiflowError)) {
      return { finding: error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}` };
    }
    const { file, offset } = error.data;
    const placed = typeof file === 'string' && Number.isSafeInteger(offset) && (offset as number) >= 0;
    if (error.code === 'FormatInvalid' && !placed)
      return { finding: `a refusal without file and byte: ${error.message}` };
    return { code: error.code };
  }
};
