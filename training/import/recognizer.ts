import { recognizerNetwork } from '../../artifacts/codecs/recognizer.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageContext } from '../../core/stage.ts';
import { withWeights } from '../../formats/weights/open.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { chooseNetwork, type NetworkParams } from './network.ts';
import { importReport, readMatched } from './read.ts';

/** How a file of a recognizer is read, and what is stated of it. */
export interface RecognizerFile {
  readonly channels: RecognizerConfig['channels'];
  readonly network: NetworkParams;
  readonly prefix: string;
  readonly strict: boolean;
  readonly trainedOn: string;
  readonly licence: string;
}

/**
 * Takes in a recognizer that was trained elsewhere.
 *
 * @param path of a safetensors file, of one of `torch.save`, or of a folder that holds one
 * @param read is called once all is read, before anything is kept
 * @throws CemiflowError `WeightsMismatch`, `PrefixAmbiguous`, `NetworkInvalid`, and as the file's format
 */
export const importRecognizer = (
  path: string,
  { network, trainedOn, licence, ...options }: RecognizerFile,
  { store, progress }: Pick<StageContext, 'store' | 'progress'>,
  read: () => Promise<void> = async () => {},
): Promise<ArtifactRef> =>
  withWeights(path, async (file) => {
    const { config, match } = chooseNetwork(file.tensors, network, options);
    const parameters = recognizerParameters(config);
    const tensors = await readMatched(file, parameters, match, (step) =>
      progress({ phase: 'read weights', step, steps: parameters.length }),
    );
    await read();
    const { counts, names } = importReport(file, match);
    const described = recognizerNetwork(config);
    const meta = { network: described, imageSize: described.imageSize, imported: { ...counts, trainedOn, licence } };
    const report = await store.putFile('import.json', Buffer.from(JSON.stringify(names)), 'application/json');
    return writeWeights(store, tensors, meta, [report]);
  });
