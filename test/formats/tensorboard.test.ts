import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../formats/image.ts';
import { type EventFile, encodeEvents } from '../../formats/tensorboard/index.ts';
import { crc32c, encodeRecord, maskedCrc32c } from '../../formats/tensorboard/record.ts';
import { askReader } from '../helpers/python-readers.ts';
import { recordsOf } from './helpers/events.ts';

/** What TensorBoard reads in event files. */
interface Seen {
  readonly scalars: { readonly [tag: string]: readonly (readonly [wallTime: number, step: number, value: number])[] };
  readonly images: {
    readonly [tag: string]: readonly (readonly [wall: number, step: number, h: number, w: number, png: string])[];
  };
}

const read = async (files: readonly EventFile[]): Promise<Seen> => {
  const folder = await mkdtemp(join(tmpdir(), 'events-'));
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
  return askReader<Seen>('event_files.py', folder);
};

const losses = Array.from({ length: 200 }, (_, i) => ({ tag: 'train/loss', step: 3 * i + 1, value: 2 / (i + 1) }));
const rates = [0, 1e-4, 1.5e-40, -7].map((value, i) => ({ tag: 'train/learning_rate', step: 10 * i, value }));
const png = await encodePng(new Uint8Array(2 * 3 * 3).fill(90), 2, 3);
const pictures = [5, 2 ** 33].map((step) => ({ tag: 'samples', step, height: 2, width: 3, png }));
const events = [...losses, ...pictures, ...rates];

describe('a record', () => {
  it.each([
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 255), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    [Buffer.alloc(0), 0],
  ])('has the checksums of RFC 3720 (%#)', (bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
  });

  it('holds the length and the data, each with a masked checksum', () => {
    const record = encodeRecord(Buffer.from('data'));
    expect(record.toString('hex', 0, 8)).toBe('0400000000000000');
    expect(record.toString('latin1', 12, 16)).toBe('data');
    expect(recordsOf(record)).toEqual([Buffer.from('data')]);
    // 0x8a9136aa turned right by 15 bits, and the constant of TensorFlow's crc32c.h.
    expect(maskedCrc32c(Buffer.alloc(32))).toBe((0x6d551522 + 0xa282ead8) % 2 ** 32);
  });
});

describe('event files', () => {
  it('are read by TensorBoard: steps, values in float32, and pictures to the byte', async () => {
    const { scalars, images } = await read(encodeEvents(events));
    const seen = (curve: typeof losses) => curve.map(({ step, value }) => [step, step, Math.fround(value)]);
    expect(scalars).toEqual({ 'train/loss': seen(losses), 'train/learning_rate': seen(rates) });
    expect(images).toEqual({
      samples: pictures.map(({ step }) => [step, step, 2, 3, png.toString('base64')]),
    });
  }, 600_000);

  it('are several where one would grow too large, and TensorBoard reads all of them', async () => {
    const files = encodeEvents(events, 2000);
    expect(files.length).toBeGreaterThan(3);
    for (const { bytes } of files) {
      expect(bytes.length).toBeLessThanOrEqual(2000);
      expect(recordsOf(bytes)[0]?.toString()).toContain('brain.Event:2');
    }
    expect(files.map(({ name }) => name).slice(0, 2)).toEqual([
      'events.out.tfevents.0000000000.cemiflow',
      'events.out.tfevents.0000000001.cemiflow',
    ]);
    expect(await read(files)).toEqual(await read(encodeEvents(events)));
  }, 600_000);

  it('are equal for equal events, whenever they are written, and in whatever order they come', () => {
    const [file] = encodeEvents(events);
    expect(encodeEvents(events)).toEqual([file]);
    expect(encodeEvents([...events].reverse())).toEqual([file]);
    expect(recordsOf((file as EventFile).bytes)).toHaveLength(events.length + 1);
  });

  it('are none where nothing happened', () => {
    expect(encodeEvents([])).toEqual([]);
  });
});
