import sharp from 'sharp';
import { CemiflowError } from '../core/errors.ts';

/** CSS pixels in an inch. */
const pixelsPerInch = 96;

/**
 * Draws an SVG with the fonts of this machine: another machine may give other bytes.
 *
 * @param scale pixels of the PNG for one CSS pixel
 * @throws CemiflowError `FontsMissing` where text would be illegible
 */
export const drawSvg = async (svg: string, scale: number): Promise<Buffer> => {
  if (!(await hasFonts()))
    throw new CemiflowError('FontsMissing', 'this machine has no font to draw text with', {
      remedy:
        'install one, such as the package fonts-liberation, or write SVG, which needs fonts only where it is shown',
    });
  // At a density of 72 dots an inch sharp draws one pixel for one CSS pixel.
  return sharp(Buffer.from(svg), { density: 72 * scale })
    .withDensity(pixelsPerInch * scale)
    .png()
    .toBuffer();
};

/** Where there is no font, every letter is drawn as the same box. */
const hasFonts = async (): Promise<boolean> => {
  const draw = (letter: string): Promise<Buffer> =>
    sharp(
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="16">${letter}</text></svg>`),
    )
      .raw()
      .toBuffer();
  const [i, m] = await Promise.all([draw('i'), draw('m')]);
  return !i.equals(m);
};
