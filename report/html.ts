/** Markup that is safe to place in a page: everything that came in as text has been escaped. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

const entities: { readonly [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text for element content and for quoted attributes alike; control characters, which no page may hold, become U+FFFD. */
export const escapeHtml = (text: string): string =>
  text
    .replace(/[&<>"'`]/g, (char) => entities[char] as string)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');

const characters = new Map(Object.entries(entities).map(([char, entity]) => [entity, char]));

/** The text that `escapeHtml` was given. */
export const unescapeHtml = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39|#96);/g, (entity) => characters.get(entity) as string);

/**
 * Tagged template: `html`<td title="${label}">${label}</td>``. Values are escaped unless they are `Html`; arrays are
 * joined; null, undefined and false leave nothing. Attributes must be quoted in the template.
 */
export const html = (strings: TemplateStringsArray, ...values: HtmlValue[]): Html =>
  new Html(strings.reduce((out, part, i) => out + part + (i < values.length ? render(values[i]) : ''), ''));

/** An attribute, or nothing: `html`<td${attribute('title', title)}>``. The name is ours; the value is escaped. */
export const attribute = (name: string, value: string | number | null | undefined | false): Html =>
  value === null || value === undefined || value === false ? new Html('') : html` ${new Html(name)}="${value}"`;

const render = (value: HtmlValue): string => {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return escapeHtml(String(value));
  return value.map(render).join('');
};

/** What is wider than a narrow screen keeps its size and scrolls, by the keyboard too. */
export const scrolling = (content: Html): Html =>
  html`<div class="scroll" tabindex="0" role="group" aria-label="wide figure">${content}</div>`;
