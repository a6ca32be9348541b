import { type DatasetMeta, datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { shardsOf } from '../../artifacts/shards.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { hexOf } from '../../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../../core/errors.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeDataset, madeNodes } from '../../core/lineage.ts';
import { printable } from '../../core/printable.ts';
import { nounFor, plural } from '../../core/words.ts';
import type { Reading } from '../reading.ts';
import { roleOf } from '../roles.ts';
import { sourcesOf } from '../upstream.ts';
import { jsonText, uriOf } from './entity.ts';
import { type Licence, licenceOf } from './licence.ts';
import { raiOf } from './rai.ts';

export const croissantFile = 'croissant.json';

/** A set of images of a run, ready to be described. */
export interface ImageSet {
  readonly made: MadeNode;
  readonly ref: ArtifactRef;
  readonly meta: DatasetMeta;
  readonly shards: readonly FileEntry[];
}

/** @throws CemiflowError `CroissantInvalid` where the node made no set of images */
export const imageSetOf = async (lineage: Lineage, id: string, store: Reading): Promise<ImageSet> => {
  const found = madeDataset(lineage, id);
  if (!found)
    throw new CemiflowError('CroissantInvalid', `${id} of ${lineage.run.id} made no dataset`, {
      remedy: `name a node that did: ${madeNodes(lineage)
        .filter(({ record }) => Object.values(record.outputs).some(({ type }) => type === 'dataset'))
        .map(({ node }) => node.id)
        .join(', ')}`,
      data: { run: lineage.run.id, node: id },
    });
  const { made, ref } = found;
  const { meta, files } = await datasetCodec.read(store, ref);
  return { made, ref, meta, shards: shardsOf(files) };
};

/**
 * Where a shard lies beside its `croissant.json`. Readers keep what they have unpacked under the file's name alone, so the name
 * holds the digest: shards of two sets must not share one.
 */
export const shardName = ({ path, digest }: FileEntry): string =>
  path.replace(/\.tar$/, `-${hexOf(digest).slice(0, 12)}.tar`);

/** Which files a description is of. */
export interface Described {
  /** Where a shard lies, relative to the description; by default beside it. */
  readonly contentUrl?: (shard: FileEntry) => string;
  /** The shards with marked images that take the place of the stored ones; default none. */
  readonly marked?: readonly FileEntry[];
}

/**
 * Croissant 1.1 of a set of images: its shards by digest, images with their identities, what the set was derived from, and what
 * is known of it in the terms of Croissant RAI 1.0.
 */
export const croissantOf = async (
  lineage: Lineage,
  set: ImageSet,
  store: Reading,
  { contentUrl = (shard) => uriOf(shardName(shard)), marked }: Described = {},
): Promise<string> => {
  const { made, ref, meta } = set;
  const shards = marked ?? set.shards;
  const { node, record } = made;
  const generated = roleOf(made) === 'generated-data';
  const files = shards.map((shard) => ({
    '@type': 'cr:FileObject',
    '@id': shard.path,
    name: shardName(shard).split('/').at(-1) as string,
    contentUrl: contentUrl(shard),
    contentSize: `${shard.bytes} B`,
    encodingFormat: 'application/x-tar',
    sha256: hexOf(shard.digest),
  }));
  return jsonText({
    '@context': context,
    '@type': 'sc:Dataset',
    name: `${lineage.run.experiment}: ${node.id}`,
    description: `${plural(meta.images, 'face image')} of ${meta.identities} ${generated ? 'synthetic ' : ''}${nounFor(meta.identities, 'identity', 'identities')}, ${meta.height} x ${meta.width} pixels, made by ${record.action.kind} of cemiflow. The artifact ${ref.digest}, of action ${record.key}.`,
    conformsTo: ['http://mlcommons.org/croissant/1.1', 'http://mlcommons.org/croissant/RAI/1.0'],
    license: licenceJson(await licenceOf(lineage, store, node.id)),
    url: 'README.md',
    creator: { '@type': 'Organization', name: `Whoever ran cemiflow on ${record.machine.host}` },
    datePublished: record.endedAt,
    dateCreated: record.endedAt,
    version: '1.0.0',
    citeAs: `cemiflow artifact ${ref.digest}`,
    'prov:wasGeneratedBy': activityOf(made),
    'prov:wasDerivedFrom': await derivedFrom(lineage, set, store),
    ...raiOf(set, { sources: await sourcesOf(lineage, node.id, store), marked: marked !== undefined }),
    distribution: [
      ...files,
      {
        ...{ '@type': 'cr:FileSet', '@id': 'image-files', name: 'image-files' },
        ...{ containedIn: files.map((file) => ({ '@id': file['@id'] })) },
        encodingFormat: ['image/png', 'image/jpeg', 'image/webp'],
        includes: ['*/*.png', '*/*.jpg', '*/*.webp'],
      },
    ],
    recordSet: [records],
  });
};

const licenceJson = ({ name, description }: Licence): Json => ({ '@type': 'sc:CreativeWork', name, description });

const urn = (what: string, digest: string): string => `urn:cemiflow:${what}:${digest}`;

const activityOf = ({ node, key, record }: MadeNode): Json => ({
  '@id': urn('action', key),
  '@type': 'prov:Activity',
  'prov:label': `${node.id}: ${record.action.kind}`,
  'prov:startedAtTime': record.startedAt,
  'prov:endedAtTime': record.endedAt,
});

/** Every artifact upstream, datasets first: by digest, with the step that made it. Of a set from outside, what it states as its source. */
const derivedFrom = async (lineage: Lineage, { made, meta }: ImageSet, store: Reading): Promise<Json> => {
  const { node } = made;
  if (roleOf(made) === 'real-data') {
    const label = `files that ${node.id} took in, source: ${printable(meta.source || 'not stated')}`;
    return [
      { '@id': `urn:cemiflow:source:${encodeURIComponent(node.id)}`, '@type': 'prov:Entity', 'prov:label': label },
    ];
  }
  const found = new Map<string, JsonObject>();
  for (const each of ancestorsOf(lineage, node.id)) {
    if (each.node.id === node.id) continue;
    for (const [output, { type, digest }] of Object.entries(each.record.outputs)) {
      const stated = type === 'dataset' ? (await datasetCodec.read(store, { type, digest })).meta.licence : '';
      found.set(digest, {
        '@id': urn(type, digest),
        '@type': 'prov:Entity',
        'prov:label': `${type} ${output} of ${each.node.id} (${each.record.action.kind})${stated ? `, licence ${stated}` : ''}`,
      });
    }
  }
  const isData = (entity: JsonObject): boolean => `${entity['@id']}`.startsWith('urn:cemiflow:dataset:');
  const all = [...found.values()];
  return [...all.filter(isData), ...all.filter((entity) => !isData(entity))];
};

/** Members of the shards are `IIIIII/JJJJ.png`, `.jpg` or `.webp`: image J of identity I. */
const part = (id: string, description: string, dataType: Json, regex: string): Json => ({
  ...{ '@type': 'cr:Field', '@id': `images/${id}`, name: `images/${id}`, description, dataType },
  source: {
    fileSet: { '@id': 'image-files' },
    extract: { fileProperty: 'fullpath' },
    transform: { regex },
  },
});

const records: Json = {
  '@type': 'cr:RecordSet',
  '@id': 'images',
  name: 'images',
  description: 'One record for each image, with its identity.',
  key: [{ '@id': 'images/identity' }, { '@id': 'images/index' }],
  field: [
    {
      ...{ '@type': 'cr:Field', '@id': 'images/image', name: 'images/image', description: 'The image.' },
      ...{ dataType: 'sc:ImageObject' },
      source: { fileSet: { '@id': 'image-files' }, extract: { fileProperty: 'content' } },
    },
    part('identity', 'Whom the image shows.', ['sc:Integer', 'cr:Label'], '(\\d+)/\\d+\\.(?:png|jpg|webp)$'),
    part(
      'index',
      'The number of the image among those of its identity.',
      'sc:Integer',
      '\\d+/(\\d+)\\.(?:png|jpg|webp)$',
    ),
  ],
};

/** The recommended context of Croissant 1.1, with PROV. */
const context: Json = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  annotation: 'cr:annotation',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  containedIn: 'cr:containedIn',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  excludes: 'cr:excludes',
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  name: { '@container': '@language' },
  parentField: 'cr:parentField',
  path: 'cr:path',
  prov: 'http://www.w3.org/ns/prov#',
  rai: 'http://mlcommons.org/croissant/RAI/',
  readLines: 'cr:readLines',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  sdVersion: 'cr:sdVersion',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
  unArchive: 'cr:unArchive',
  value: 'cr:value',
};
