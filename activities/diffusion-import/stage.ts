import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { withWeights } from '../../formats/weights/open.ts';
import { initialFamily } from '../../training/diffusion/initial.ts';
import { requireUnchanged } from '../../training/import/unchanged.ts';
import { unetNames } from './names.ts';

/** `schemas/stages/diffusion-import.schema.json` */
interface Params {
  readonly prefix: string;
  readonly trainedOn: string;
  readonly licence: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** Fewest tensors of the smallest UNet that has a level, a middle and an end. */
const fewest = 20;

/** `diffusion/import`: takes in the UNet of a generator that somebody else trained, for a training to start from. */
export const stage: StageKind<Params> = {
  async run({ prefix, trainedOn, licence, content }, context) {
    const { store } = context;
    const path = placeOf(context, 'path');
    return withWeights(path, async (file) => {
      const { format, tensors } = file;
      const names = unetNames(tensors, prefix === 'auto' ? undefined : prefix);
      if (names.taken.size < fewest) throw noUnet(names.taken.size, names.prefix);
      const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
      const stored: [string, SafeTensor][] = [];
      for (const [own, name] of names.taken) {
        const shape = shapes.get(name) as readonly number[];
        stored.push([own, { dtype: 'F32', shape: [...shape], data: await file.values(name) }]);
        await context.progress({ phase: 'read weights', step: stored.length, steps: names.taken.size });
      }
      await requireUnchanged(path, content);
      const counts = { format, prefix: names.prefix, taken: names.taken.size, beside: names.beside.length };
      const report = { ...counts, taken: Object.fromEntries(names.taken), beside: names.beside.slice(0, 1000) };
      const files = [await store.putFile('import.json', Buffer.from(JSON.stringify(report)), 'application/json')];
      const meta = { network: { family: initialFamily }, imported: { ...counts, trainedOn, licence } };
      return { weights: await writeWeights(store, Object.fromEntries(stored), meta, files) };
    });
  },
};

const noUnet = (found: number, prefix: string): CemiflowError =>
  new CemiflowError(
    'WeightsMismatch',
    `the file must hold a UNet with guided-diffusion's names (input_blocks.0.0.weight …), got ${found} tensors of these${prefix && ` under ${prefix}`}`,
    { remedy: 'name the file of the UNet, or set prefix to what stands before its names', data: { found, prefix } },
  );
