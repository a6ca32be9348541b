import type { ActionRecord } from '../../../core/action.ts';
import { type Digest, shortDigest } from '../../../core/digest.ts';
import { inputArtifacts, type Lineage, madeNodes, shardsOf } from '../../../core/lineage.ts';
import { recordFile } from '../../../core/run-record.ts';
import { plural } from '../../../core/words.ts';
import { actionId, artifactId, type Entity, localId, softwareId, to } from '../entity.ts';
import { objectsOf, type Parameters } from './parameters.ts';

/** cemiflow itself, which orchestrates. */
export const engineId = softwareId('cemiflow');
export const completed = 'http://schema.org/CompletedActionStatus';

/** What the actions of a run say of tools, steps and themselves. */
export interface Actions {
  readonly tools: readonly Entity[];
  readonly steps: readonly Entity[];
  readonly controls: readonly Entity[];
  readonly creations: readonly Entity[];
  /** What belongs to them: resources used, the library. */
  readonly others: readonly Entity[];
}

/** What an action's files are in the crate. */
interface Surroundings {
  /** Artifacts that are described. */
  readonly held: ReadonlySet<Digest>;
  /** Where the record lies, by its file in the sealed run. */
  readonly recordPath: (file: string) => string | undefined;
  readonly sourceOf: (record: ActionRecord) => string[];
}

/** Each stage kind is a tool, each node that was made a step, each action (of nodes and of their parts) a CreateAction. */
export const actionsOf = (
  lineage: Lineage,
  parameters: Parameters,
  { held, recordPath, sourceOf }: Surroundings,
): Actions => {
  const tools = new Map<string, Entity>();
  const creations = new Map<string, Entity>();
  const others = new Map<string, Entity>();
  const names = nodeNames(lineage);
  for (const record of lineage.records.values()) {
    if (!names.has(record.key)) continue;
    const { action, outputs, startedAt, endedAt } = record;
    const { objects, inputs } = objectsOf(record, parameters, held);
    const made = Object.entries(outputs).map(([name, ref]) => parameters.artifact(action.kind, name, 'output', ref));
    const tool = toolId(record);
    const library = libraryOf(record);
    if (library) others.set(library['@id'], library);
    tools.set(tool, grown(tools.get(tool) ?? toolOf(record, library, sourceOf(record)), inputs, made));
    const usage = usageOf(record);
    for (const each of usage) others.set(each['@id'], each);
    const path = recordPath(recordFile(record.key));
    creations.set(record.key, {
      '@id': actionId(record.key),
      '@type': 'CreateAction',
      name: `${action.kind} for ${names.get(record.key)}`,
      description: describe(record),
      instrument: to(tool),
      agent: to('#operator'),
      object: objects.map(to),
      result: Object.values(outputs).map(({ digest }) => to(artifactId(digest))),
      startTime: startedAt,
      endTime: endedAt,
      actionStatus: completed,
      resourceUsage: usage.map((each) => to(each['@id'])),
      ...(path === undefined ? {} : { subjectOf: to(path) }),
    });
  }
  const nodes = madeNodes(lineage);
  return {
    tools: [...tools.values()],
    steps: nodes.map(({ node, record }, i) => ({
      ...{ '@id': localId('step', node.id), '@type': 'HowToStep', name: node.id, position: i + 1 },
      workExample: to(toolId(record)),
    })),
    controls: nodes.map(({ node, record }) => ({
      ...{ '@id': localId('control', node.id), '@type': 'ControlAction', name: `orchestrate ${node.id}` },
      instrument: to(localId('step', node.id)),
      object: [record, ...shardsOf(lineage, record)].map(({ key }) => to(actionId(key))),
      actionStatus: completed,
    })),
    creations: [...creations.values()],
    others: [...others.values()],
  };
};

/** Nodes that an action was done for: equal actions of several nodes are done once. */
const nodeNames = (lineage: Lineage): Map<string, string> => {
  const names = new Map<string, string>();
  const add = (key: string, name: string): void => {
    names.set(key, names.has(key) ? `${names.get(key)}, ${name}` : name);
  };
  for (const { node, key, record } of madeNodes(lineage)) {
    add(key, node.id);
    for (const [i, part] of shardsOf(lineage, record).entries()) add(part.key, `${node.id}#${i + 1}`);
  }
  return names;
};

/** A stage kind with its code: another code is another tool. */
const toolId = ({ action }: ActionRecord): string => softwareId('tool', action.kind, shortDigest(action.code));

const toolOf = ({ action }: ActionRecord, library: Entity | undefined, source: readonly string[]): Entity => ({
  '@id': softwareId('tool', action.kind, shortDigest(action.code)),
  '@type': 'SoftwareApplication',
  name: action.kind,
  softwareVersion: action.code,
  url: to(source[0] ?? engineId),
  isPartOf: to(engineId),
  ...(library ? { softwareRequirements: to(library['@id']) } : {}),
  hasPart: source.map(to),
  input: [],
  output: [],
});

/** The tool with parameters that this action used, each once. */
const grown = (tool: Entity, inputs: readonly string[], outputs: readonly string[]): Entity => ({
  ...tool,
  input: joined(tool.input as { '@id': string }[], inputs),
  output: joined(tool.output as { '@id': string }[], outputs),
});

const joined = (known: readonly { '@id': string }[], more: readonly string[]): { '@id': string }[] =>
  [...new Set([...known.map((each) => each['@id']), ...more])].map(to);

const libraryOf = ({ machine: { tensorflow } }: ActionRecord): Entity | undefined =>
  tensorflow && {
    '@id': softwareId('tensorflow', tensorflow.version, shortDigest(tensorflow.library)),
    '@type': 'SoftwareApplication',
    name: 'TensorFlow',
    softwareVersion: tensorflow.version,
    identifier: tensorflow.library,
    url: to('https://www.tensorflow.org/'),
  };

const describe = ({ action, machine, source, attempts, key }: ActionRecord): string => {
  const { tensorflow } = machine;
  const taken = inputArtifacts({ action } as ActionRecord).length;
  return [
    `Action ${key} with seed ${action.seed}, on ${machine.host} (${machine.platform}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}${tensorflow ? `, TensorFlow ${tensorflow.version} on ${tensorflow.gpu?.name ?? tensorflow.device}` : ''}).`,
    `It took ${plural(taken, 'artifact')} and ${plural(attempts.length, 'attempt')}; code ${action.code}${source.commit ? `, commit ${source.commit}${source.uncommitted ? ' with uncommitted changes' : ''}` : ''}.`,
  ].join(' ');
};

const units = {
  wallSeconds: 'https://qudt.org/vocab/unit/SEC',
  cpuSeconds: 'https://qudt.org/vocab/unit/SEC',
  gpuSeconds: 'https://qudt.org/vocab/unit/SEC',
  peakMemoryBytes: 'https://qudt.org/vocab/unit/BYTE',
} as const;

const usageOf = ({ key, spent }: ActionRecord): Entity[] =>
  Object.entries(units).flatMap(([name, unitCode]): Entity[] => {
    const value = spent[name as keyof typeof units];
    if (value === undefined) return [];
    const id = `${actionId(key)}-${name}`;
    return [{ '@id': id, '@type': 'PropertyValue', name, propertyID: `cemiflow:${name}`, value, unitCode }];
  });
