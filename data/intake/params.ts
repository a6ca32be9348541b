import type { PeopleShown } from '../../artifacts/codecs/dataset.ts';
import type { Digest } from '../../core/digest.ts';
import type { Links } from '../../formats/sources/disk.ts';

/** Parameters of every kind that takes images in: where they lie and on what terms. */
export interface SourceParams {
  /** Height and width, in pixels. */
  readonly size: number;
  readonly links: Links;
  readonly people: PeopleShown;
  readonly licence: string;
  readonly source: string;
  readonly consent: string;
  /** Digest of the source, filled in when the experiment is planned; absent if it is not to be checked. */
  readonly content?: Digest;
}

/** Parameters of every kind that takes a set of identities in. */
export interface SetParams extends SourceParams {
  readonly minImages: number;
  /** 0: all */
  readonly maxImages: number;
  readonly onBadFile: 'fail' | 'skip';
}
