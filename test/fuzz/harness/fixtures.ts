import { readdirSync, readFileSync } from 'node:fs';

/** Fixtures of a format that tests read, such as `fixtures('torch', /\.pt$/)`. */
export const fixtures = (format: string, name: RegExp): Buffer[] => {
  const folder = new URL(`../../fixtures/formats/${format}/`, import.meta.url);
  const files = readdirSync(folder).filter((file) => name.test(file));
  return files.sort().map((file) => readFileSync(new URL(file, folder)));
};
