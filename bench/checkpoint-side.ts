/** cemiflow's side of `checkpoint.ts`: copies a step's state, and hands it to the thread that writes it to MinIO. */
import { digestOf } from '../core/digest.ts';
import { stateArrays } from '../nn/compile/arrays.ts';
import { compileStep } from '../nn/compile/index.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { ThreadWriter } from '../store/checkpoints/writer.ts';
import { openStore, type S3Config } from '../store/index.ts';
import { serve, timed } from './serve.ts';

interface Request {
  readonly parameters: number;
  readonly vectors: number;
  readonly s3: S3Config;
}

const key = digestOf('checkpoint benchmark');
const owner = 'benchmark';
let ready: Awaited<ReturnType<typeof prepare>> | undefined;
let saved = 0;

const prepare = async ({ parameters, vectors, s3 }: Request) => {
  const store = await openStore(s3);
  await store.checkpoints.write({ key, owner, attempts: [], checkpoints: [], kept: {} });
  const initial: Tensors = {};
  for (let i = 0; i < vectors; i++) initial[`vector${i}`] = tf.fill([parameters], i + 1);
  const batch = { rate: tf.scalar(0.5) };
  const step = compileStep(
    (state, { rate }) => ({
      state: Object.fromEntries(Object.entries(state).map(([name, vector]) => [name, vector.mul(rate as tf.Tensor)])),
      metrics: { rate: rate as tf.Tensor },
    }),
    initial,
    batch,
  );
  tf.dispose(initial);
  return { store, writer: new ThreadWriter(s3), step, batch };
};

await serve({ node: process.version }, async (message) => {
  ready ??= await prepare(message as unknown as Request);
  const { step, batch, writer, store } = ready;
  // Other values each time, as after real steps.
  step.run(batch);
  saved += 1;
  let writing: Promise<unknown> = Promise.resolve();
  const seconds = await timed(() => {
    const arrays = stateArrays(step, () => true);
    writing = writer.save({ key, owner, checkpoint: { step: saved, arrays, notes: null } });
  });
  const storedSeconds = seconds + (await timed(() => writing));
  const stored = (await store.checkpoints.read(key))?.checkpoints[0]?.step;
  if (stored !== saved) throw new Error(`checkpoint ${saved} is not in the store, but ${stored}`);
  return { seconds, storedSeconds };
});
