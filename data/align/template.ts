/** Eyes, nose and corners of the mouth in ArcFace's template of 112 × 112 pixels, as InsightFace aligns: x, y, left to right in the picture. */
const arcface: readonly (readonly [x: number, y: number])[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/**
 * Where the five landmarks lie in an aligned image. The template is scaled by height / 112 and centred: at 112 × 96 it is shifted by 8 pixels to the
 * left, which is the template that SphereFace used. (0, 0) is the centre of the first pixel.
 *
 * @returns float64 [10]: x and y in turn
 */
export const template = ({ height, width }: { readonly height: number; readonly width: number }): Float64Array => {
  const scale = height / 112;
  const shift = (width - height) / 2;
  return Float64Array.from(arcface.flatMap(([x, y]) => [x * scale + shift, y * scale]));
};
