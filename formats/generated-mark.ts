import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { imageKind } from './image-kind.ts';

/** How an image came to be, in the terms of IPTC's NewsCodes "Digital Source Type". */
export const sourceTypes = {
  /** Made by a model that was trained on samples. */
  generated: 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
  /** Made by a program alone. */
  drawn: 'http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia',
} as const;

/**
 * The image file with XMP metadata that says how it came to be (IPTC Photo Metadata Standard, Digital Source Type). Its pixels stay
 * the same: nothing is encoded again.
 *
 * @param bytes a PNG, JPEG or WebP file; one that says so already is returned as it is
 */
export const markSource = async (bytes: Uint8Array, source: keyof typeof sourceTypes): Promise<Uint8Array> => {
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('DigitalSourceType')) return bytes;
  const xmp = packet(sourceTypes[source]);
  const kind = imageKind(bytes);
  if (kind === 'jpg') return markJpeg(bytes, xmp);
  return kind === 'webp' ? markWebp(bytes, xmp) : markPng(bytes, xmp);
};

const packet = (uri: string): Buffer =>
  Buffer.from(
    [
      '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
      '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
      ` Iptc4xmpExt:DigitalSourceType="${uri}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`,
    ].join(''),
  );

const uint32BE = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** An iTXt chunk (PNG specification, third edition, 11.3.3.4) after the header, which is 33 bytes with the signature. */
const markPng = (bytes: Uint8Array, xmp: Buffer): Buffer => {
  const data = Buffer.concat([Buffer.from('iTXtXML:com.adobe.xmp\0\0\0\0\0'), xmp]);
  const chunk = [uint32BE(data.length - 4), data, uint32BE(crc32(data))];
  return Buffer.concat([bytes.subarray(0, 33), ...chunk, bytes.subarray(33)]);
};

/** An APP1 segment (XMP specification part 3, 1.1.3) after the start of the image and, where it is there, JFIF's segment. */
const markJpeg = (bytes: Uint8Array, xmp: Buffer): Buffer => {
  const data = Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), xmp]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(data.length + 2);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = view.readUInt16BE(2) === 0xffe0 ? 4 + view.readUInt16BE(4) : 2;
  return Buffer.concat([view.subarray(0, at), Buffer.of(0xff, 0xe1), length, data, view.subarray(at)]);
};

/** An `XMP ` chunk at the end (RFC 9649, 2.7), which asks for the extended header: an image that has none gets one. */
const markWebp = async (bytes: Uint8Array, xmp: Buffer): Promise<Buffer> => {
  const body = Buffer.from(bytes.subarray(12));
  const isExtended = body.toString('latin1', 0, 4) === 'VP8X';
  const header = isExtended ? body.subarray(8, 18) : await extendedHeader(bytes);
  header[0] = (header[0] as number) | 0x04;
  const rest = isExtended ? body.subarray(18) : body;
  const chunks = Buffer.concat([chunkOf('VP8X', header), rest, chunkOf('XMP ', xmp)]);
  const riff = Buffer.from('RIFF    WEBP');
  riff.writeUInt32LE(4 + chunks.length, 4);
  return Buffer.concat([riff, chunks]);
};

const chunkOf = (name: string, data: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.write(name);
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
};

const extendedHeader = async (bytes: Uint8Array): Promise<Buffer> => {
  const { width, height, hasAlpha } = await sharp(bytes).metadata();
  const header = Buffer.alloc(10);
  header[0] = hasAlpha ? 0x10 : 0;
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return header;
};
