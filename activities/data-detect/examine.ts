import { type AlignOptions, alignFace } from '../../data/align/align.ts';
import {
  type Asked,
  type Examined,
  type Examining,
  transparency,
  type Unusable,
  unusable,
} from '../../data/intake/examine.ts';
import { PixelGate } from '../../data/intake/gate.ts';
import { imageHashes } from '../../data/intake/image-hashes.ts';
import { decodeImage, encodePng } from '../../formats/image.ts';
import { imageKind } from '../../formats/image-kind.ts';
import type { SafeTensors } from '../../formats/safetensors.ts';
import { detectFaces } from '../../nn/detector/detect.ts';
import { detectorParameters } from '../../nn/detector/layout.ts';
import type { Tensors } from '../../nn/tf.ts';
import { fromSafetensors } from '../../nn/weights.ts';
import { type Choice, choose } from './choose.ts';

/** How faces are found in photos. */
export interface WantedDetection extends AlignOptions {
  /** Side of the smallest face that is looked for, in pixels. */
  readonly minFace: number;
  readonly face: Choice;
  readonly detector: SafeTensors;
}

const gate = new PixelGate();
/** This process serves one stage, which has one detector. */
let loaded: Tensors | undefined;

/** Decodes one untrusted photo, finds the face in it, and aligns it. */
const examine = async ({ bytes }: Asked, wanted: WantedDetection): Promise<Examined | Unusable> => {
  if (imageKind(bytes) === undefined) return { fault: 'is no PNG, JPEG or WebP' };
  try {
    return await gate.pass(bytes, async () => {
      const transparent = await transparency(bytes);
      if (transparent === 'wholly') return { fault: 'is wholly transparent' };
      const photo = await decodeImage(bytes);
      loaded ??= fromSafetensors(wanted.detector, detectorParameters);
      const found = choose(detectFaces(loaded, photo, wanted), photo, wanted.face);
      if (!found) return { fault: 'shows no face' };
      // What counts as a small face, the detector has decided by its box.
      const pixels = alignFace(photo, found.landmarks, { ...wanted, minFace: 1 });
      if ('fault' in pixels) return pixels;
      const made = await encodePng(pixels, wanted.height, wanted.width);
      return {
        ...{ made, transparent: transparent === 'partly', hashes: imageHashes(made, pixels) },
        landmarks: found.landmarks,
      };
    });
  } catch (error) {
    return unusable(error);
  }
};

/** Finds and aligns faces. The stage imports it, so that its code is part of its key. */
export const examining: Examining<WantedDetection> = { url: import.meta.url, examine };
