import type { Digest } from '../../core/digest.ts';
import { hexOf } from '../../core/digest.ts';
import type { Json } from '../../core/errors.ts';

/** One object of a flat JSON-LD graph. */
export type Entity = { '@id': string; '@type': string | string[] } & { [property: string]: Json };

/** `{"@id": …}` */
export type EntityRef = { '@id': string };
export const to = (id: string): EntityRef => ({ '@id': id });

/** Path of a file as the relative URI that names it. */
export const uriOf = (path: string): string => path.split('/').map(encodeURIComponent).join('/').replaceAll('%3D', '=');

/** Ids of entities that are no files. */
export const artifactId = (digest: Digest): string => `#artifact-${hexOf(digest)}`;
export const actionId = (key: Digest): string => `#action-${hexOf(key)}`;
export const localId = (...parts: string[]): string => `#${parts.map(encodeURIComponent).join('/')}`;

/**
 * Software is named by absolute URIs, as the profile asks. There is no page about a stage kind at one commit, and a name under
 * `.invalid` (RFC 2606) says so.
 */
export const softwareId = (...parts: string[]): string =>
  `https://cemiflow.invalid/${parts.map(encodeURIComponent).join('/')}`;

/** An entity as RO-Crate writes it: a list of one is its item, an empty one is left out. */
export const compact = (entity: Entity): Entity =>
  Object.fromEntries(
    Object.entries(entity).flatMap(([name, value]) => {
      if (!Array.isArray(value)) return [[name, value]];
      return value.length === 0 ? [] : [[name, value.length === 1 ? (value[0] as Json) : value]];
    }),
  ) as Entity;

/** Who ran cemiflow: records name machines, not people. */
export const operator = (host: string): Entity => ({
  '@id': '#operator',
  '@type': 'Organization',
  name: `Whoever ran cemiflow on ${host}`,
  description: 'The records name machines, not people.',
  url: to('#operator'),
});

/** JSON-LD as it is written: equal values give equal bytes. */
export const jsonText = (value: Json): string => `${JSON.stringify(value, null, 2)}\n`;

/** A media type without spaces, which validators do not take. */
export const encodingOf = (mediaType: string): string => mediaType.replace(/;\s+/g, ';');
