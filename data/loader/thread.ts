/** One input thread: does the orders that come, batches handed over without a copy. Started by `workers.ts`. */
import { serve, threadData } from '../../threads/serve.ts';
import type { Images } from '../images.ts';
import { type DecodeJob, decodeAll } from './decode.ts';
import type { Maker } from './maker.ts';

/** Images are sent once and then named by number. */
export type InputOrder =
  | { readonly share: number; readonly images: Images }
  | { readonly decode: DecodeJob }
  | { readonly images: number; readonly recipe: unknown };

const loaded = import(threadData<string>()) as Promise<{ readonly maker: Maker<unknown> }>;
const shared = new Map<number, Images>();

const perform = async (order: InputOrder): Promise<Float32Array<ArrayBuffer> | undefined> => {
  if ('share' in order) shared.set(order.share, order.images);
  else if ('decode' in order) await decodeAll(order.decode);
  else return (await loaded).maker.fill(shared.get(order.images) as Images, order.recipe);
  return undefined;
};

serve(perform, (batch) => (batch ? [batch.buffer] : []));
