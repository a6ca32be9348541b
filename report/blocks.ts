import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Block } from './block.ts';

/** A block with the name of its folder. */
export interface NamedBlock {
  readonly name: string;
  // Only the block itself knows what it reads and draws.
  readonly block: Block<unknown, unknown>;
}

const folder = fileURLToPath(new URL('./blocks/', import.meta.url));

/** Every block of this checkout, in the order of the page. */
export const loadBlocks = async (): Promise<NamedBlock[]> => {
  const names = readdirSync(folder).filter((name) => existsSync(`${folder}${name}/block.ts`));
  const loaded = names.map(async (name): Promise<NamedBlock> => {
    // Written so that esbuild bundles every block, and a change of one changes the code digest of whatever draws reports.
    const { block } = (await import(`./blocks/${name}/block.ts`)) as { block: NamedBlock['block'] };
    return { name, block };
  });
  return (await Promise.all(loaded)).sort((a, b) => a.block.order - b.block.order || (a.name < b.name ? -1 : 1));
};
