/** Most characters of a name that a message repeats. */
const longest = 80;

/**
 * Text from outside for one line of a terminal, page or table: control characters, line breaks, characters that are not seen and
 * those that turn the direction of writing become `\u{…}`.
 */
export const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);

/** A name from outside, in quotes, cut where it is very long. */
export const quotedName = (name: string): string => {
  const characters = [...name];
  const text = characters.length > longest ? `${characters.slice(0, longest).join('')}…` : name;
  return `"${printable(text).replaceAll('"', '\\u{22}')}"`;
};

/** The same for names that may look alike: accents that are separate characters are written out. */
export const distinctName = (name: string): string => quotedName(name).replace(/\p{M}/gu, escaped);

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
