import { unescapeHtml } from '../../report/html.ts';
import { factsOfKind } from '../../schemas/stage-schemas.ts';
import type { NumberChain } from '../trace/numbers.ts';

/** Ids of the numbers that rest on code of a user's own: anything that they depend on was made by such. */
export const foreignNumbers = (chains: readonly NumberChain[]): ReadonlySet<string> =>
  new Set(
    chains
      .filter(({ chain }) => chain.steps.some(({ record: { action } }) => factsOfKind(action.kind).role === 'foreign'))
      .map(({ printed }) => printed.id),
  );

/** Marks the cells of numbers. The page's style sets a sign behind them, so that the text of a cell stays the number. */
export const withForeignMarks = (page: string, ids: ReadonlySet<string>): string =>
  page.replace(/<(?:td|th|dd) id="([^"]+)"/g, (cell, id) =>
    ids.has(unescapeHtml(id)) ? `${cell} data-foreign` : cell,
  );
