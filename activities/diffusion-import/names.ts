import type { ListedTensor } from '../../formats/weights/tensor-file.ts';

/** What the names of every UNet of guided-diffusion begin with; DCFace's and cemiflow's are named alike. */
const ofUnet = /^(time_embed|input_blocks|middle_block|output_blocks|out)\.\d/;

/** DCFace keeps the projection of condition tokens beside its UNet. */
const adapter = /^(.*\.)?cross_attn_adapter\./;

/** How the tensors of a file belong to a UNet. */
export interface UnetNames {
  readonly prefix: string;
  /** Names as guided-diffusion has them, to the file's. */
  readonly taken: ReadonlyMap<string, string>;
  /** Tensors beside the UNet: encoders of conditions, the state of an optimizer. */
  readonly beside: readonly string[];
}

/** @param prefix what the file puts before the UNet's names; default the one under which most of them are there */
export const unetNames = (listed: readonly ListedTensor[], prefix = bestPrefix(listed)): UnetNames => {
  const taken = new Map<string, string>();
  const beside: string[] = [];
  const under = listed.some(({ name }) => name.startsWith(`${prefix}cross_attn_adapter.`));
  for (const { name } of listed) {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    if (own !== undefined && !adapter.test(own) && isPart(own)) taken.set(own, name);
    else if (under ? own?.startsWith('cross_attn_adapter.') : adapter.test(name))
      taken.set(name.replace(adapter, 'cross_attn_adapter.'), name);
    else beside.push(name);
  }
  return { prefix, taken, beside };
};

/** A part of the UNet itself, or of what conditions it. Others with its prefix are another network's. */
const isPart = (name: string): boolean => ofUnet.test(name) || /^(label_emb|condition)\./.test(name);

const bestPrefix = (listed: readonly ListedTensor[]): string => {
  const counts = new Map<string, number>();
  for (const { name } of listed) {
    for (let at = 0; at !== -1; at = name.indexOf('.', at) === -1 ? -1 : name.indexOf('.', at) + 1) {
      if (ofUnet.test(name.slice(at))) counts.set(name.slice(0, at), (counts.get(name.slice(0, at)) ?? 0) + 1);
    }
  }
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || a.length - b.length || (a < b ? -1 : 1));
  return ranked[0]?.[0] ?? '';
};
