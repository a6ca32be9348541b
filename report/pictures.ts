import type { Sample } from '../artifacts/shards.ts';
import type { Digest } from '../core/digest.ts';
import { encodePng } from '../formats/image.ts';
import { type Html, html } from './html.ts';

/** One image of a set, ready to be drawn. */
export interface Picture {
  readonly artifact: Digest;
  readonly pngBase64: string;
  readonly width: number;
  readonly height: number;
  readonly identity: number;
  readonly image: number;
}

export type SizedSample = Sample & { readonly height: number; readonly width: number };

/** @param artifact that the image was read from */
export const pictureOf = async (sample: SizedSample, artifact: Digest): Promise<Picture> => {
  const { identity, image, pixels, height, width } = sample;
  const pngBase64 = (await encodePng(pixels, height, width)).toString('base64');
  return { artifact, identity, image, width, height, pngBase64 };
};

/** Class of a table of faces: few columns leave room for large pictures. All sizes are whole multiples of common image sizes. */
export const facesSize = (columns: number): string => (columns <= 5 ? 'large' : columns <= 9 ? 'medium' : 'small');

/** A picture in the page itself. Enlarged by the style sheet, without smoothing. */
export const imageTag = (picture: Pick<Picture, 'artifact' | 'pngBase64' | 'width' | 'height'>, alt: string): Html =>
  html`<img src="data:image/png;base64,${picture.pngBase64}" width="${picture.width}" height="${picture.height}" alt="${alt}" data-artifact="${picture.artifact}">`;
