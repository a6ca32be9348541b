import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { type Expansion, expandSpec } from '../../spec/expand.ts';
import { SpecError, type SpecProblem } from '../../spec/problems.ts';
import { readSpec } from '../../spec/spec.ts';

export const fixtureKinds = fileURLToPath(new URL('./fixtures/stages', import.meta.url));
export const fixtureSchemas = loadStageSchemas(fixtureKinds);

/** Writes files into a new folder of their own. @returns the folder */
export const writeSpecs = (files: { [name: string]: string }): string => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-spec-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

export const expandText = (text: string, set: string[] = []): Expansion =>
  expandSpec(readSpec('spec.yaml', { cwd: writeSpecs({ 'spec.yaml': text }), set }), fixtureSchemas);

/** The problems of the spec `spec.yaml` among these files; fails where there are none. */
export const problemsOf = (files: { [name: string]: string }, set: string[] = []): readonly SpecProblem[] => {
  try {
    expandSpec(readSpec('spec.yaml', { cwd: writeSpecs(files), set }), fixtureSchemas);
  } catch (error) {
    if (error instanceof SpecError) return error.problems;
    throw error;
  }
  throw new Error('the spec was accepted');
};

/** Where `¦` stands in a text, and the text without it. */
export const unmark = (marked: string): { text: string; line: number; column: number } => {
  const at = marked.indexOf('¦');
  if (at < 0) throw new Error('no mark in the text');
  const before = marked.slice(0, at).split('\n');
  return { text: marked.replace('¦', ''), line: before.length, column: (before.at(-1) ?? '').length + 1 };
};
