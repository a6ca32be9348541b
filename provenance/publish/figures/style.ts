/** The style sheet of a page. */
export const styleIn = (page: string): string => /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';

/**
 * The rules of a page's style sheet that hold for a drawing by itself, in the colours of print. Custom properties are replaced by
 * their values: few programs that read SVG know them.
 *
 * @param markup of the drawing
 */
export const drawingStyle = (sheet: string, markup: string): string => {
  const values = printValues(sheet);
  const used = new Set([...markup.matchAll(/ class="([^"]*)"/g)].flatMap(([, names = '']) => names.split(' ')));
  const holds = (selector: string): boolean =>
    selector.split(' ').every(
      (part) =>
        /^(?:line|text|path|(?:\.[\w-]+)+)$/.test(part) &&
        part
          .split('.')
          .slice(1)
          .every((name) => used.has(name)),
    );
  return [...sheet.replace(conditional, '').matchAll(/([^{}]+)\{([^{}]*)\}/g)]
    .flatMap(([, selectors = '', declarations = '']) => {
      const held = selectors.trim().split(',').filter(holds);
      return held.length > 0 ? `${held.join(',')}{${resolved(declarations, values)}}` : [];
    })
    .join('\n');
};

/** A value of the page's style sheet, as it is in print: `--sans`. */
export const styleValue = (sheet: string, property: string): string => printValues(sheet).get(property) ?? '';

/** `@media …{…}` */
const conditional = /@media([^{]*)\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}/g;

const printValues = (sheet: string): Map<string, string> => {
  const print = [...sheet.matchAll(conditional)].filter(([, medium]) => medium?.trim() === 'print');
  const roots = [sheet.replace(conditional, ''), ...print.map(([, , rules = '']) => rules)].flatMap((rules) =>
    [...rules.matchAll(/:root\{([^}]*)\}/g)].map(([, declarations = '']) => declarations),
  );
  return new Map(
    roots.flatMap((each) =>
      [...each.matchAll(/(--[\w-]+):([^;}]*)/g)].map(([, name = '', value = '']) => [name, value.trim()] as const),
    ),
  );
};

const resolved = (declarations: string, values: ReadonlyMap<string, string>): string =>
  declarations.replace(/var\((--[\w-]+)\)/g, (_, name: string) => values.get(name) ?? 'inherit');
