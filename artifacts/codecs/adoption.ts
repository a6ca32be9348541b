import { defineCodec } from '../codec.ts';

/** A statement that results made by older code count under newer code, with the replays that show it: `adoption.json`. */
export interface AdoptionMeta {
  /** Id of the run whose results were adopted. */
  readonly run: string;
}

export const adoptionCodec = defineCodec<AdoptionMeta>({
  type: 'adoption',
  versions: [(fields) => ({ run: fields.string('run') })],
});
