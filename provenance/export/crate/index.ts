import type { ActionRecord } from '../../../core/action.ts';
import { artifactRefsIn } from '../../../core/artifact.ts';
import type { Digest } from '../../../core/digest.ts';
import { CemiflowError, type Json } from '../../../core/errors.ts';
import { type Lineage, madeNodes } from '../../../core/lineage.ts';
import { planDigest } from '../../../core/plan.ts';
import { artifactId, compact, type Entity, type EntityRef, jsonText, operator, to, uriOf } from '../entity.ts';
import type { Holdings } from '../held.ts';
import type { Licence } from '../licence.ts';
import { actionsOf, completed, engineId } from './actions.ts';
import { crateContext, descriptor, profiles } from './context.ts';
import { dataOf, type Place, type Text, textEntity } from './data.ts';
import { Parameters } from './parameters.ts';

export const crateFile = 'ro-crate-metadata.json';
/** What people read first. */
export const readmeFile = 'README.md';

export interface CrateInput {
  readonly lineage: Lineage;
  readonly holdings: Holdings;
  readonly place: Place;
  /** The experiment as it was declared: its own file first, then those that it extends. */
  readonly workflow: readonly Text[];
  /** Other files: the report, cards. */
  readonly texts: readonly Text[];
  readonly licence: Licence;
}

/**
 * `ro-crate-metadata.json` of a run, after the Provenance Run Crate profile 0.5. It follows from the records alone: no clock is
 * read, and equal records give equal bytes.
 *
 * @throws CemiflowError `NotMade` for a run of which nothing was made
 */
export const crateOf = ({ lineage, holdings, place, workflow, texts, licence }: CrateInput): string => {
  const { run } = lineage;
  const host = madeNodes(lineage)[0]?.record.machine.host;
  if (host === undefined || !workflow[0])
    throw new CemiflowError('NotMade', `nothing of ${run.id} has been made`, {
      remedy: `cemiflow status ${run.id} says where it stands`,
      data: { run: run.id },
    });
  const parameters = new Parameters();
  const digests = new Map(holdings.artifacts.map(({ ref, manifest }) => [ref.digest, manifest.files]));
  const uri = (digest: Digest): string[] => {
    const path = place(digest);
    return path === undefined ? [] : [uriOf(path)];
  };
  const sealed = lineage.root ? digests.get(lineage.root.digest) : undefined;
  const recordPath = (file: string): string | undefined =>
    sealed?.flatMap(({ path, digest }) => (path === file ? uri(digest) : []))[0];
  const sourceOf = ({ source }: ActionRecord): string[] =>
    (digests.get(source.code.digest) ?? []).flatMap(({ digest }) => uri(digest));
  const held = new Set(digests.keys());
  const actions = actionsOf(lineage, parameters, { held, recordPath, sourceOf });
  const results = resultsOf(lineage).map(artifactId);
  for (const { node, record } of madeNodes(lineage))
    for (const [name, ref] of Object.entries(record.outputs))
      if (results.includes(artifactId(ref.digest)))
        parameters.artifact('workflow', `${node.id}.${name}`, 'output', ref);
  const set =
    run.spec.overrides === undefined ? undefined : parameters.value('workflow', 'overrides', run.spec.overrides);
  const data = dataOf(holdings, place, parameters);
  const formal = parameters.entities;
  const main = workflowEntity(lineage, workflow[0], actions, formal, set?.parameter);
  const written = [...workflow.slice(1), ...texts].map((text) =>
    textEntity(text, text.path === readmeFile ? { about: to('./') } : {}),
  );
  const whole = runActions(lineage, { workflow: main['@id'], set: set?.value, results, controls: actions.controls });
  const files = [...written, ...data.files.filter((each) => each['@type'] === 'File')];
  const root: Entity = {
    '@id': './',
    '@type': 'Dataset',
    name: `Run ${run.id} of the experiment ${run.experiment}`,
    description: `Everything that the numbers of its report depend on, as cemiflow recorded it.${leftOut(lineage)}`,
    datePublished: spanOf(lineage).end,
    license: to('#licence'),
    author: to('#operator'),
    publisher: to('#operator'),
    conformsTo: refs(profiles),
    mainEntity: to(main['@id']),
    hasPart: [to(main['@id']), ...refs(files)],
    mentions: refs([...whole, ...actions.creations, ...actions.controls, ...data.collections]),
    ...(lineage.root ? { identifier: lineage.root.digest } : {}),
  };
  const graph = [
    ...[descriptor, root, ...profiles, { '@id': '#licence', '@type': 'CreativeWork', ...licence }],
    ...[operator(host), language, engine(lineage), main],
    ...[...actions.tools, ...actions.steps, ...whole, ...actions.controls, ...actions.creations],
    ...[...formal, ...actions.others, ...data.collections, ...written, ...data.files],
  ];
  return jsonText({ '@context': crateContext, '@graph': graph.map(compact) as Json });
};

/** The run as one action, and its orchestration. @param of the run's workflow, its overrides, results and orchestrated steps */
const runActions = (
  lineage: Lineage,
  of: {
    readonly workflow: string;
    readonly set: string | undefined;
    readonly results: readonly string[];
    readonly controls: readonly Entity[];
  },
): Entity[] => {
  const { run } = lineage;
  const { workflow, set, results, controls } = of;
  const { start, end } = spanOf(lineage);
  return [
    {
      '@id': '#run',
      '@type': 'CreateAction',
      name: `Run ${run.id}`,
      description: `The experiment ${run.experiment}, plan ${planDigest(run.plan)}${lineage.root ? `, root ${lineage.root.digest}` : ''}.${leftOut(lineage)}`,
      instrument: to(workflow),
      agent: to('#operator'),
      object: set === undefined ? [] : [to(set)],
      result: results.map(to),
      ...{ startTime: start, endTime: end, actionStatus: completed },
    },
    {
      '@id': '#orchestration',
      '@type': 'OrganizeAction',
      name: `Orchestration of ${run.id}`,
      instrument: to(engineId),
      agent: to('#operator'),
      object: refs(controls),
      result: to('#run'),
      ...{ startTime: start, endTime: end, actionStatus: completed },
    },
  ];
};

const refs = (entities: readonly Entity[]): EntityRef[] => entities.map((each) => to(each['@id']));

const language: Entity = {
  '@id': '#language',
  '@type': 'ComputerLanguage',
  name: 'cemiflow experiment (YAML)',
  url: to(engineId),
};

/** The engine, by the build that orchestrated. */
const engine = (lineage: Lineage): Entity => ({
  '@id': engineId,
  '@type': 'SoftwareApplication',
  name: 'cemiflow',
  softwareVersion: madeNodes(lineage).at(-1)?.record.build ?? 'unknown',
  url: to(engineId),
});

const workflowEntity = (
  lineage: Lineage,
  text: Text,
  { tools, steps }: Pick<ReturnType<typeof actionsOf>, 'tools' | 'steps'>,
  formal: readonly Entity[],
  input: string | undefined,
): Entity =>
  textEntity(text, {
    '@type': ['File', 'SoftwareSourceCode', 'ComputationalWorkflow', 'HowTo'],
    conformsTo: to('https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE'),
    version: planDigest(lineage.run.plan),
    url: to(uriOf(text.path)),
    programmingLanguage: to('#language'),
    softwareRequirements: to(engineId),
    hasPart: refs(tools),
    step: refs(steps),
    input: input === undefined ? [] : [to(input)],
    output: refs(formal.filter((each) => each['@id'].startsWith('#workflow/output/'))),
  });

/** Outputs of nodes whose outputs no other node took: what the run was for. */
const resultsOf = (lineage: Lineage): Digest[] => {
  const nodes = madeNodes(lineage);
  const taken = new Set(
    nodes.flatMap(({ record }) => artifactRefsIn(record.action.params).map(({ digest }) => digest)),
  );
  return [
    ...new Set(
      nodes.flatMap(({ record }) => {
        const made = Object.values(record.outputs).map(({ digest }) => digest);
        return made.some((digest) => taken.has(digest)) ? [] : made;
      }),
    ),
  ];
};

/** From the start of the run to the end of its last action, which may have been done before for another run. */
const spanOf = (lineage: Lineage): { readonly start: string; readonly end: string } => {
  const start = lineage.run.startedAt;
  const ends = [...lineage.records.values()].map(({ endedAt }) => endedAt);
  return { start, end: [start, ...ends].sort().at(-1) as string };
};

const leftOut = ({ run }: Lineage): string => {
  const skipped = Object.entries(run.nodes).flatMap(([id, made]) =>
    'skipped' in made ? [`${id} (${made.skipped})`] : [],
  );
  return skipped.length > 0 ? ` It did without ${skipped.join(', ')}.` : '';
};
