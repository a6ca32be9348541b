import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { plural } from '../../core/words.ts';
import type { ListedTensor } from '../../formats/weights/tensor-file.ts';
import type { Match } from './match.ts';

/** Names that an error lists of each kind; all of them are counted. */
const listed = 20;
/** Names that a message shows of each kind. */
const shown = 3;

/**
 * What is wrong with weights that do not fit a network; undefined where they fit.
 *
 * @param network as messages call it: `ir_50`
 * @param strict whether tensors that the network does not have are a fault, as PyTorch's `load_state_dict` has it
 */
export const misfit = (
  match: Match,
  tensors: readonly ListedTensor[],
  { network, strict }: { readonly network: string; readonly strict: boolean },
): CemiflowError | undefined => {
  const { missing, misshapen, unexpected, prefix, matched } = match;
  const extra = strict ? unexpected : [];
  if (missing.length + misshapen.length + extra.length === 0) return undefined;
  const faults = [
    some(missing, 'is missing', 'are missing', (name) => withNearest(name, match, tensors)),
    some(
      misshapen,
      'has another shape',
      'have another shape',
      ({ name, required, found }) => `${name} must be [${required}], got [${found}]`,
    ),
    some(extra, 'is not in the network', 'are not in the network', (name) => name),
  ].filter((fault) => fault !== '');
  const data: JsonObject = {
    ...{ network, prefix, matched: matched.size },
    missing: missing.slice(0, listed),
    misshapen: misshapen
      .slice(0, listed)
      .map(({ name, required, found }) => ({ name, required: [...required], found: [...found] })),
    unexpected: unexpected.slice(0, listed),
  };
  return new CemiflowError('WeightsMismatch', `the file does not fit ${network}: ${faults.join('; ')}`, {
    remedy: remedyOf(match),
    data,
  });
};

const remedyOf = ({ missing, misshapen, matched }: Match): string => {
  if (matched.size === 0) return 'check that the file holds this kind of network, and give network its values';
  if (missing.length + misshapen.length > 0)
    return 'give network the preset and values that the weights were made with';
  return 'with strict: false the network is imported without them: be sure that it does not need them';
};

const some = <T>(all: readonly T[], one: string, many: string, say: (each: T) => string): string => {
  if (all.length === 0) return '';
  const rest = all.length > shown ? ', …' : '';
  const names = all.slice(0, shown).map(say).join(', ');
  return `${plural(all.length, 'tensor')} ${all.length === 1 ? one : many} (${names}${rest})`;
};

/** A missing name, and the name in the file that comes nearest to it. */
const withNearest = (name: string, { unexpected, beside }: Match, tensors: readonly ListedTensor[]): string => {
  const free = [...unexpected, ...beside];
  const near = nearest(name, free.length > 0 ? free : tensors.map((each) => each.name));
  return near === undefined ? name : `${name}; nearest in the file: ${near}`;
};
