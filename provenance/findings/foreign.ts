import { ancestorsOf, inputArtifacts, type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { printable } from '../../core/printable.ts';
import { isOwnKind, wholeKind } from '../../core/stage.ts';
import { artifactsUsedAs, isMeasuring, nodesUsedAs, roleOf } from '../roles.ts';
import { type Finding, listed } from './finding.ts';

/**
 * Programs of a user's own: what they did with what they were given is not known, nor what else they read. And benchmarks that one
 * of them was given before the model was made that is scored on them.
 */
export const foreign = (lineage: Lineage): Finding[] => {
  const programs = madeNodes(lineage).filter(isForeign);
  if (programs.length === 0) return [];
  return [...programs.map((made) => ranProgram(lineage, made)), ...gaveAway(lineage)];
};

const isForeign = (made: MadeNode): boolean => roleOf(made) === 'foreign';

const ranProgram = (lineage: Lineage, { node, record }: MadeNode): Finding => {
  const { kind, params, code } = record.action;
  const own = isOwnKind(kind);
  const { command = [], sandbox = false } = (own ? {} : params) as {
    readonly command?: readonly string[];
    readonly sandbox?: boolean;
  };
  const what = own ? `is of ${wholeKind(kind)}, a stage kind` : 'ran a program';
  const rest = madeNodes(lineage)
    .filter((each) => each.node.id !== node.id && isJudged(each))
    .filter((each) => ancestorsOf(lineage, each.node.id).some((above) => above.node.id === node.id))
    .map((each) => each.node.id);
  const unseen = sandbox ? ', in a sandbox' : ': what it read besides its inputs is in no record';
  const resting = rest.length > 0 ? `; ${listed(rest)} ${rest.length === 1 ? 'rests' : 'rest'} on it` : '';
  return {
    kind: 'foreign program',
    severity: 'note',
    message: `${node.id} ${what} that is no part of cemiflow${own ? '' : ` (${printable(command.join(' '))})`}${unseen}${resting}`,
    nodes: [node.id, ...rest],
    evidence: own ? { kind, code } : { command: [...command], content: params.content ?? null },
  };
};

/** Whether a node gives numbers to a report. */
const isJudged = (made: MadeNode): boolean => roleOf(made) === 'evaluation';

const gaveAway = (lineage: Lineage): Finding[] =>
  madeNodes(lineage)
    .filter((made) => isMeasuring(made, 'accuracy'))
    .flatMap((made) => {
      const scored = new Set(artifactsUsedAs(made, 'benchmark').map(({ digest }) => digest));
      const upstream = nodesUsedAs(made.node, 'scored-model').flatMap((id) => ancestorsOf(lineage, id));
      const given = upstream.filter(
        (each) => isForeign(each) && inputArtifacts(each.record).some(({ digest }) => scored.has(digest)),
      );
      return [...new Map(given.map((each) => [each.node.id, each])).keys()].map(
        (id): Finding => ({
          kind: 'leakage',
          severity: 'warning',
          message: `${made.node.id} scores a model that depends on ${id}, code of a user's own that was given the benchmark: its accuracy may be no measure of unseen people`,
          nodes: [made.node.id, id],
          evidence: {},
        }),
      );
    });
