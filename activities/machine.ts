import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { arch, cpus, hostname, platform, release } from 'node:os';
import type { Machine } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';

/** The machine as action records hold it. @param tensors for a stage that uses TensorFlow */
export const describeMachine = async (tensors?: { readonly threads: number }): Promise<Machine> => {
  const library = tensors && loadedTensorFlow();
  const base: Machine = {
    host: hostname(),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.version,
  };
  if (!library) return base;
  const { tf } = await import('../nn/tf.ts');
  const { binding } = tf.backend() as unknown as {
    binding: { TF_Version: string; isUsingGpuDevice?(): boolean };
  };
  const onGpu = binding.isUsingGpuDevice?.() === true;
  return {
    ...base,
    tensorflow: {
      version: binding.TF_Version,
      library: await libraryDigest(library),
      threads: tensors.threads,
      device: onGpu ? 'gpu' : 'cpu',
    },
  };
};

/** Path of TensorFlow's library in this process, as the kernel sees it (Linux). */
const loadedTensorFlow = (): string | undefined => {
  if (!existsSync('/proc/self/maps')) return undefined;
  return /\S*\/libtensorflow_cc\.so\S*/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0];
};

const digests = new Map<string, Promise<Digest>>();
const libraryDigest = (file: string): Promise<Digest> => {
  const known = digests.get(file);
  if (known) return known;
  const made = (async (): Promise<Digest> => {
    const hash = createHash('sha256');
    // In pieces, so that heartbeats leave between them.
    for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) hash.update(chunk);
    return `sha256:${hash.digest('hex')}`;
  })();
  digests.set(file, made);
  return made;
};
