import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawSvg } from '../../formats/svg.ts';

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" viewBox="0 0 40 30">
<rect width="40" height="30" fill="#fff"/><rect x="10" y="10" width="10" height="10" fill="#f00"/><text x="22" y="25" font-family="sans-serif">m</text></svg>`;

describe('drawSvg', () => {
  it('gives so many pixels for each CSS pixel, and says how large they are in print', async () => {
    const png = await drawSvg(svg, 3);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 120, height: 90, density: 288 });
    const at = async (left: number, top: number) => [
      ...(await sharp(png).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer()),
    ];
    expect(await at(28, 45)).toEqual([255, 255, 255]);
    expect(await at(30, 45)).toEqual([255, 0, 0]);
    expect(await at(59, 45)).toEqual([255, 0, 0]);
  });

  it('draws text', async () => {
    const text = { left: 63, top: 45, width: 57, height: 45 };
    const { channels } = await sharp(
      await sharp(await drawSvg(svg, 3))
        .extract(text)
        .toBuffer(),
    ).stats();
    expect(channels[0]?.min).toBeLessThan(100);
  });

  it('refuses to draw boxes for letters where there is no font', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cemiflow-fonts-'));
    const config = join(folder, 'fonts.conf');
    writeFileSync(config, `<?xml version="1.0"?><fontconfig><dir>${folder}</dir></fontconfig>`);
    const code = `import { drawSvg } from './formats/svg.ts'; drawSvg('<svg/>', 1).catch(({ code }) => console.log(code));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type', 'module', '--eval', code],
      { cwd: join(import.meta.dirname, '../..'), env: { ...process.env, FONTCONFIG_FILE: config } },
    );
    expect(stdout.trim()).toBe('FontsMissing');
  });
});
