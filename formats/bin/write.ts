import { CemiflowError } from '../../core/errors.ts';
import type { VerificationSet } from './read.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const [start, openList, closeList, end] = [bytes('\x80\x04'), bytes(']('), bytes('e'), bytes('\x86.')];
const [yes, no] = [bytes('\x88'), bytes('\x89')];

/**
 * The bytes of an InsightFace `.bin`, piece by piece: a pickle of protocol 4, which `pickle.load(file, encoding='bytes')` of Python 3
 * reads. Equal sets give equal bytes.
 *
 * @throws CemiflowError `BinInvalid` where there are not two images for each pair
 */
export function* writeBin({ images, same }: VerificationSet): Generator<Uint8Array> {
  if (images.length !== 2 * same.length) {
    throw new CemiflowError('BinInvalid', `${same.length} pairs need ${2 * same.length} images, got ${images.length}`, {
      remedy: 'give two images for each pair',
      data: { images: images.length, pairs: same.length },
    });
  }
  yield start;
  yield openList;
  for (const image of images) {
    const head = bytes('B\0\0\0\0');
    head.writeUInt32LE(image.length, 1);
    yield head;
    yield image;
  }
  yield closeList;
  yield openList;
  for (const flag of same) yield flag ? yes : no;
  yield closeList;
  yield end;
}
