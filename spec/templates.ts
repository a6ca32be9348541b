import { suggest } from '../core/nearest.ts';
import { mergeSpecs } from './merge.ts';
import type { Problems } from './problems.ts';
import { describe, type Entry, type LocatedMap } from './yaml.ts';

/**
 * The spec with each stage that says `like: NAME` laid over the template of that name, as `extends` lays a file over another.
 * Templates are no stages: what none is like is not made.
 */
export const withTemplates = (spec: LocatedMap, problems: Problems): LocatedMap => {
  const templates = spec.entries.get('templates')?.value;
  const rest = new Map([...spec.entries].filter(([key]) => key !== 'templates'));
  if (templates !== undefined && templates.kind !== 'map') {
    const remedy = 'write templates: {<name>: {uses: <kind>, with: {…}}}';
    problems.add(templates, `templates must be a mapping, got ${describe(templates)}`, remedy);
  }
  const known = templates?.kind === 'map' ? templates.entries : new Map<string, Entry>();
  const stages = spec.entries.get('stages');
  if (stages?.value.kind !== 'map') return { ...spec, entries: rest };
  const filled = new Map<string, Entry>();
  for (const [name, stage] of stages.value.entries)
    filled.set(name, { ...stage, value: filledIn(stage.value, known, problems) });
  return { ...spec, entries: rest.set('stages', { ...stages, value: { ...stages.value, entries: filled } }) };
};

const filledIn = (stage: Entry['value'], templates: ReadonlyMap<string, Entry>, problems: Problems): Entry['value'] => {
  const like = stage.kind === 'map' ? stage.entries.get('like')?.value : undefined;
  if (stage.kind !== 'map' || like === undefined) return stage;
  const own: LocatedMap = { ...stage, entries: new Map([...stage.entries].filter(([key]) => key !== 'like')) };
  const name = like.kind === 'scalar' && typeof like.value === 'string' ? like.value : undefined;
  const template = name === undefined ? undefined : templates.get(name)?.value;
  if (template?.kind !== 'map') {
    const what = templates.size === 0 ? 'the spec has no templates' : `there is no template ${describe(like)}`;
    problems.add(like, what, suggest(name ?? '', [...templates.keys()], 'templates of the spec'));
    return stage;
  }
  if (template.entries.has('like')) {
    problems.add(template, `the template ${name} is like another`, 'give it uses and with');
    return stage;
  }
  return mergeSpecs(template, own);
};
