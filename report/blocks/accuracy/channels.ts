import type { Channels } from '../../../metrics/verification.ts';

/** The order of colours that recognizers were given their images in, as a note under a table; nothing where it is not stated. */
export const channelsNote = (rows: readonly { readonly label: string; readonly channels?: Channels }[]): string[] => {
  const stated = rows.filter(({ channels }) => channels);
  const orders = [...new Set(stated.map(({ channels }) => channels as Channels))].sort();
  const [only] = orders;
  if (only === undefined) return [];
  if (orders.length === 1) return [`Colour order: the recognizers were given ${only.toUpperCase()} images.`];
  const of = (order: Channels): string => {
    const labels = new Set(stated.filter(({ channels }) => channels === order).map(({ label }) => `“${label}”`));
    return `${order.toUpperCase()} images for ${[...labels].join(', ')}`;
  };
  return [`Colour order: ${orders.map(of).join('; ')}.`];
};
