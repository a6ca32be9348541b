import type { ListedTensor } from '../../formats/weights/tensor-file.ts';
import { type Preset, presets, type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import type { Match } from './match.ts';
import { misfit } from './misfit.ts';
import { matchUnder, requireOnePrefix } from './read.ts';

/** `network` as a spec gives it. */
export type NetworkParams = { readonly preset: Preset | 'auto' } & Partial<Omit<RecognizerConfig, 'channels'>>;

export interface Choice {
  readonly config: RecognizerConfig;
  readonly match: Match;
}

/**
 * The network that the tensors of a file belong to: the one that was named, or with `auto` the preset that takes most of them.
 * (Names and shapes of a smaller network may all be in the file of a larger one.)
 *
 * @throws CemiflowError `WeightsMismatch`, `PrefixAmbiguous`, `NetworkInvalid`
 */
export const chooseNetwork = (
  tensors: readonly ListedTensor[],
  { preset, ...values }: NetworkParams,
  { channels, prefix, strict }: Pick<RecognizerConfig, 'channels'> & { prefix: string; strict: boolean },
): Choice => {
  const names = preset === 'auto' ? (Object.keys(presets) as Preset[]) : [preset];
  const choices = names.map((name) => {
    const config = recognizerConfig(name, { ...values, channels });
    return { name, config, match: matchUnder(tensors, recognizerParameters(config), prefix) };
  });
  const whole = choices.filter(({ match }) => match.missing.length + match.misshapen.length === 0);
  const best = largest(whole.length > 0 ? whole : choices);
  const fault = misfit(best.match, tensors, { network: best.name, strict });
  if (fault) throw fault;
  requireOnePrefix(tensors, recognizerParameters(best.config), prefix);
  return best;
};

const largest = <T extends Choice>(choices: readonly T[]): T =>
  choices.reduce((top, each) => (each.match.matched.size > top.match.matched.size ? each : top));
