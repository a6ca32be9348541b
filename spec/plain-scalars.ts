/** Why an unquoted value or key cannot stand, and what to write instead. */
export interface Ambiguity {
  readonly message: string;
  readonly remedy: string;
}

/**
 * Unquoted words that other readers of YAML take for another number, or that look like a number and are none in YAML 1.2. Hexadecimal
 * `0x10` and octal `0o10` mean the same to all; `yes`, `on`, `12:30` and `2001-01-01` are text, and a parameter that wants no text
 * says so.
 */
export const ambiguityOf = (written: string): Ambiguity | undefined => {
  if (/^[-+]?0\d+(\.\d*)?([eE][-+]?\d+)?$/.test(written)) {
    const plain = String(Number(written));
    return {
      message: `${written} has a leading zero: it would be read as ${plain}, and as an octal number elsewhere`,
      remedy: `write ${plain}, or "${written}" in quotes where it is a text`,
    };
  }
  if (/^[-+]?\d[\d_]*_[\d_]*(\.[\d_]*)?([eE][-+]?\d+)?$/.test(written)) {
    const plain = written.replaceAll('_', '');
    return {
      message: `${written} is no number in YAML 1.2: it would be read as a text`,
      remedy: `write ${plain}, or "${written}" in quotes where it is a text`,
    };
  }
  if (/^[-+]?0b[01_]+$/.test(written))
    return {
      message: `${written} is no number in YAML 1.2: it would be read as a text`,
      remedy: `write it in decimal digits, or "${written}" in quotes where it is a text`,
    };
  return undefined;
};
