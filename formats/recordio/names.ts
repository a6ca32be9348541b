import { formatInvalid } from '../invalid.ts';
import { readLines } from '../lines.ts';
import type { RandomAccess } from '../source.ts';
import { maxRecords } from './keys.ts';

/**
 * Identities of a pack whose labels are all 0, as DCFace publishes its sets: `list.txt` has a key, a tab and `identity/image.jpg` on
 * each line. Four bytes a record, and the names.
 */
export class Names {
  readonly path: string;
  readonly #names: string[] = [];
  /** 1 + place in `names`, by key; 0: the list does not have the key. */
  #ofKey = new Int32Array(1024);

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws CemiflowError `FormatInvalid` */
  static async read(file: RandomAccess): Promise<Names> {
    const names = new Names(file.path);
    const known = new Map<string, number>();
    for await (const { text, offset } of readLines(file, 'DCFace list')) {
      const match = /^(\d{1,15})\t(?:.*\/)?([^/]+)\/[^/]+$/.exec(text);
      const key = Number(match?.[1]);
      const name = match?.[2];
      if (name === undefined || key >= maxRecords) throw refuse(file, offset, text);
      let place = known.get(name);
      if (place === undefined) {
        place = known.size + 1;
        known.set(name, place);
        names.#names.push(name);
      }
      names.#set(key, place);
    }
    return names;
  }

  /** Name of the identity that the record of a key shows. */
  of(key: number): string | undefined {
    return this.#names[(this.#ofKey[key] ?? 0) - 1];
  }

  #set(key: number, place: number): void {
    if (key >= this.#ofKey.length) {
      const larger = new Int32Array(Math.max(key + 1, this.#ofKey.length * 2));
      larger.set(this.#ofKey);
      this.#ofKey = larger;
    }
    this.#ofKey[key] = place;
  }
}

const refuse = (file: RandomAccess, offset: number, text: string) =>
  formatInvalid({
    format: 'DCFace list',
    file: file.path,
    offset,
    message: `a line must hold a key under ${maxRecords}, a tab and a path such as 12/345.jpg, got "${text.slice(0, 80)}"`,
    remedy: 'fetch list.txt again; if it does not belong to the pack, move it out of the folder',
  });
