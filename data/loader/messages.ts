import type { PlainError } from '../../core/plain-error.ts';
import type { Images } from '../images.ts';
import type { DecodeJob } from './decode.ts';

/** To a thread. Images are sent once and then named by number. */
export type Order =
  | { readonly share: number; readonly images: Images }
  | { readonly id: number; readonly decode: DecodeJob }
  | { readonly id: number; readonly images: number; readonly recipe: unknown };

/** From a thread, one for each order with an id. */
export interface Answer {
  readonly id: number;
  readonly batch?: Float32Array<ArrayBuffer>;
  readonly error?: PlainError;
}
