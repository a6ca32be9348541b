import sharp from 'sharp';

/** Pixels that are decoded at a time: 192 MB, and as much again while they are converted. */
const mostPixels = 64_000_000;

/** Lets photos be decoded side by side as long as their pixels fit into memory: a small file may hold a large photo. */
export class PixelGate {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(most = mostPixels) {
    this.#most = most;
  }

  /** Runs `work` when there is room for the image. One that is larger than all room runs alone. */
  async pass<T>(bytes: Uint8Array, work: () => Promise<T>): Promise<T> {
    const { width, height } = await sharp(bytes).metadata();
    const pixels = Math.min(this.#most, width * height);
    while (this.#underWay > 0 && this.#underWay + pixels > this.#most)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay += pixels;
    try {
      return await work();
    } finally {
      this.#underWay -= pixels;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }
}
