import { canonicalJson } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Text } from './crate/data.ts';
import { readmeFile } from './crate/index.ts';
import type { Licence } from './licence.ts';

/**
 * The experiment as it was declared: its file first, then those that it extends. Of a run whose document does not hold them, its
 * plan, which is what was carried out.
 */
export const workflowTexts = ({ run }: Lineage): Text[] => {
  const files = run.spec.files ?? [];
  if (files.length === 0) {
    const text = canonicalJson(run.plan as unknown as JsonObject);
    return [{ path: 'experiment/plan.json', text, mediaType: 'application/json', name: `Plan of ${run.experiment}` }];
  }
  const names = new Set<string>();
  return files.map(({ path, text }, i) => {
    const base = path.split(/[/\\]/).at(-1) ?? '';
    const plain = /^[A-Za-z0-9._-]+$/.test(base) ? base : `${i + 1}.yaml`;
    const name = names.has(plain) ? `${i + 1}-${plain}` : plain;
    names.add(name);
    return { path: `experiment/${name}`, text, mediaType: 'application/yaml', name: `${base} as it was declared` };
  });
};

/** The README of a crate or bundle. @param more further paragraphs */
export const readmeText = (lineage: Lineage, licence: Licence, more: readonly string[]): Text => {
  const { run, root } = lineage;
  const paragraphs = [
    `# Run ${run.id} of the experiment ${run.experiment}`,
    `Started ${run.startedAt}. Root \`${root?.digest}\`: the digest that all records and artifacts hang on.`,
    ...more,
    `Licence: ${licence.name}. ${licence.description}`,
  ];
  return { path: readmeFile, text: `${paragraphs.join('\n\n')}\n`, mediaType: 'text/markdown', name: 'Read me' };
};
