import type { CheckpointArray } from '../core/checkpoint.ts';
import type { Image } from '../formats/image.ts';
import type { Step } from '../nn/compile/index.ts';
import { type Tensors, tf } from '../nn/tf.ts';

/** How pictures of a network's progress are drawn while it trains. Drawing changes nothing of the training. */
export interface Drawing {
  /** Whether the state after this many steps is drawn. */
  due(done: number): boolean;
  /** @param state what the training gives at its end @returns the same picture each time */
  draw(state: Tensors, done: number): Promise<Image>;
}

/** What was drawn after a step. */
export interface Drawn extends Image {
  readonly step: number;
}

type Arrays = { readonly [name: string]: CheckpointArray };

/** Of a checkpoint's arrays. */
const prefix = 'drawn.';

/** Draws the states of one training, and keeps the pictures in memory and in its checkpoints until the end. */
export class Album {
  readonly #drawing: Drawing;
  readonly #drawn = new Map<number, CheckpointArray>();

  /** @param resumed arrays of a checkpoint, if there is one */
  constructor(drawing: Drawing, resumed: Arrays) {
    this.#drawing = drawing;
    for (const [name, array] of Object.entries(resumed))
      if (isDrawn(name)) this.#drawn.set(Number(name.slice(prefix.length)), array);
  }

  /** Draws the state after `done` steps where that is due. To draw it again changes nothing. */
  async draw(step: Step, done: number, wanted: (name: string) => boolean): Promise<void> {
    if (!this.#drawing.due(done)) return;
    const state = step.readState(wanted);
    try {
      this.#drawn.set(done, toArray(await this.#drawing.draw(state, done)));
    } finally {
      tf.dispose(state);
    }
  }

  get pictures(): Drawn[] {
    return this.#inOrder.map(([step, array]) => ({ step, ...toImage(array) }));
  }

  /** A copy of what a checkpoint must hold: a checkpoint owns its arrays. */
  get arrays(): Arrays {
    return Object.fromEntries(
      this.#inOrder.map(([step, array]) => [`${prefix}${step}`, { ...array, data: array.data.slice() }]),
    );
  }

  /** By step: what was resumed comes in the order of its names. */
  get #inOrder(): [number, CheckpointArray][] {
    return [...this.#drawn].sort(([a], [b]) => a - b);
  }
}

/** Whether an array of a checkpoint is a picture, and not of the state to continue from. */
export const isDrawn = (name: string): boolean => name.startsWith(prefix);

/** Checkpoints hold no bytes: int32 [H, W], the three channels of a pixel in each. */
const toArray = ({ pixels, height, width }: Image): CheckpointArray => {
  const bytes = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const data = Int32Array.from({ length: height * width }, (_, i) => bytes.readUIntLE(3 * i, 3));
  return { dtype: 'int32', shape: [height, width], data };
};

const toImage = ({ shape, data }: CheckpointArray): Image => {
  const [height, width] = shape as [number, number];
  const pixels = Buffer.alloc(data.length * 3);
  for (const [i, pixel] of data.entries()) pixels.writeUIntLE(pixel, 3 * i, 3);
  return { pixels, height, width };
};
