/** Trains the self-test's two networks for a few steps and prints what came of it, to be compared between processes. */
import { createHash } from 'node:crypto';
import { compileStep } from '../../nn/compile/index.ts';
import { testNetworks } from '../../nn/self-test/networks.ts';
import { tf } from '../../nn/tf.ts';

type Options = NonNullable<Parameters<typeof compileStep>[3]>;

const steps = 8;
const options = { compiled: true, precision: process.argv[2] ?? 'float32' } as Options;

const networks = testNetworks.map(({ name, step, initial, batch }) => {
  const compiled = compileStep(step, initial(), batch(0), options);
  const losses = Array.from({ length: steps }, (_, i) => compiled.run(batch(i)).loss as number);
  const hash = createHash('sha256').update(new Float64Array(losses));
  for (const tensor of Object.values(compiled.readState())) hash.update(tensor.dataSync());
  return { name, losses, digest: hash.digest('hex') };
});
process.stdout.write(
  `${JSON.stringify({ device: (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice ? 'gpu' : 'cpu', networks })}\n`,
  () => process.exit(),
);
