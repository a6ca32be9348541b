/** Names of identities that people and disks may take for one: they differ in capitals or in how accents are written. */
export const similarNames = (names: readonly string[]): readonly (readonly string[])[] => {
  const byForm = new Map<string, string[]>();
  for (const name of names) {
    const form = name.normalize('NFC').toLowerCase();
    byForm.set(form, [...(byForm.get(form) ?? []), name]);
  }
  return [...byForm.values()].filter((group) => group.length > 1);
};
