import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { decodeTar, encodeTar, encodeTarEntry, tarEnd } from '../../formats/tar.ts';

const entries = [
  { path: '000000/0000.png', bytes: Buffer.from('pixels') },
  { path: '000000/0000.cls', bytes: Buffer.alloc(0) },
  { path: '000001/0000.png', bytes: Buffer.alloc(512, 1) },
  { path: '000001/0001.png', bytes: Buffer.alloc(1500, 2) },
];

const packed = async (header: object, content = ''): Promise<Buffer> => {
  const archive = pack();
  archive.entry(header as never, content);
  archive.finalize();
  return buffer(archive);
};

describe('encodeTar', () => {
  it('gives equal bytes for equal files, with no time, owner or host in them', () => {
    const archive = encodeTar(entries);
    expect(archive).toEqual(encodeTar(entries));
    expect(archive.length % 512).toBe(0);
    expect(archive.toString('latin1', 100, 148)).toBe('0000644\x000000000\x000000000\x0000000000006\x0000000000000\0');
  });

  it('is read back by itself and by another reader', async () => {
    expect(decodeTar(encodeTar(entries))).toEqual(entries);
    const found: object[] = [];
    const reader = extract();
    reader.end(encodeTar(entries));
    for await (const entry of reader) {
      const { name, type, mtime, uid, mode } = entry.header;
      found.push({ name, type, time: mtime?.getTime(), uid, mode, bytes: await buffer(entry) });
    }
    const plain = { type: 'file', time: 0, uid: 0, mode: 0o644 };
    expect(found).toEqual(entries.map(({ path, bytes }) => ({ name: path, ...plain, bytes })));
  });

  it('is unpacked by the system tar', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cemiflow-tar-'));
    try {
      writeFileSync(join(folder, 'x.tar'), encodeTar(entries));
      execFileSync('tar', ['-xf', 'x.tar'], { cwd: folder });
      for (const { path, bytes } of entries) expect(readFileSync(join(folder, path))).toEqual(bytes);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['/etc/passwd', '../up', 'a/../b', 'a//b', './a', '', 'a\0b', 'ä', 'x'.repeat(101)])(
    'refuses the path %j',
    (path) => {
      expect(() => encodeTarEntry({ path, bytes: Buffer.alloc(0) })).toThrow(
        expect.objectContaining({ code: 'TarInvalid' }),
      );
    },
  );
});

describe('decodeTar', () => {
  it('reads what another writer packs', async () => {
    expect(decodeTar(await packed({ name: 'a/b.txt' }, 'hello'))).toEqual([
      { path: 'a/b.txt', bytes: Buffer.from('hello') },
    ]);
  });

  it.each([
    ['a symbolic link', { name: 'a', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: 'a', type: 'link', linkname: 'b' }],
    ['a folder', { name: 'a/', type: 'directory' }],
    ['a device', { name: 'a', type: 'character-device' }],
    ['an extended header', { name: 'a', pax: { comment: 'x' } }],
    ['a path that climbs out', { name: '../a' }],
    ['an absolute path', { name: '/a' }],
  ])('refuses %s', async (_, header) => {
    const archive = await packed(header);
    expect(() => decodeTar(archive)).toThrow(expect.objectContaining({ code: 'TarInvalid' }));
  });

  it('refuses damage: cut off, flipped header byte, no end, a size beyond the file, a name twice, too many files', () => {
    const archive = encodeTar(entries);
    const flipped = Buffer.from(archive);
    flipped[3] = 0x39;
    const [first] = entries as [(typeof entries)[number]];
    const oversized = encodeTarEntry(first);
    oversized.write('77777777777', 124, 'latin1');
    oversized.write('      ', 148, 'latin1');
    for (const bad of [
      archive.subarray(0, 700),
      flipped,
      encodeTarEntry(first),
      Buffer.concat([oversized, tarEnd]),
      encodeTar([first, first]),
    ]) {
      expect(() => decodeTar(bad)).toThrow(expect.objectContaining({ code: 'TarInvalid' }));
    }
    expect(() => decodeTar(archive, { maxEntries: 3 })).toThrow(/more than 3/);
  });
});
