import { describe, expect, it } from 'vitest';
import { distinctName, printable, quotedName } from '../../core/printable.ts';

describe('text from outside', () => {
  it.each([
    ['\u001b[31mred\u0007', '\\u{1b}[31mred\\u{7}'],
    ['two\nlines\u2028more', 'two\\u{a}lines\\u{2028}more'],
    ['abc\u202edcba\u200b', 'abc\\u{202e}dcba\\u{200b}'],
    ['Zoë 王 😀', 'Zoë 王 😀'],
  ])('is one line that no terminal obeys: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('stands in quotes as a name, cut where it is very long', () => {
    expect(quotedName('a "b"')).toBe('"a \\u{22}b\\u{22}"');
    expect(quotedName('x'.repeat(81))).toBe(`"${'x'.repeat(80)}…"`);
  });

  it('shows accents that are separate characters where names may look alike', () => {
    expect([distinctName('jos\u00e9'), distinctName('jose\u0301')]).toEqual(['"jos\u00e9"', '"jose\\u{301}"']);
  });
});
