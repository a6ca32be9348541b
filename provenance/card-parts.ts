import type { PeopleShown } from '../artifacts/codecs/dataset.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { Lineage, MadeNode } from '../core/lineage.ts';
import { printable } from '../core/printable.ts';
import { count } from '../report/format.ts';
import { escapeMarkdown } from '../report/markdown.ts';
import { intakeFacts } from './intake-facts.ts';
import type { Source } from './upstream.ts';

/** Shards of a description: `stored` as they lie in the store, or `marked` where images say that they are generated. */
export type CardFiles = 'stored' | 'marked';

export const faces: { readonly [shown in PeopleShown]: string } = {
  real: 'of people who exist',
  drawn: 'drawn by a program',
  generated: 'synthetic, as stated when they were imported',
};

/** Sources with what they state of themselves, and below, by name, files left out and copies. */
export const upstreamText = (sources: readonly Source[]): string => {
  const notes = sources.flatMap(({ node, images }) =>
    (images ? intakeFacts(images) : []).map((fact) => `${node}: ${fact}`),
  );
  return [
    table(
      ['Data', 'Identities', 'Images', 'Faces', 'Licence', 'Source', 'Consent'],
      sources.map(({ node, peopleShown, images }) => {
        const said = (value: string | undefined): string =>
          peopleShown === 'drawn' ? '–' : printable(value || 'not stated');
        return [
          node,
          number(images?.identities),
          number(images?.images),
          images ? faces[peopleShown] : 'not known: the images lie outside of this run',
          ...[said(images?.licence), said(images?.source), said(images?.consent)],
        ];
      }),
    ),
    ...(notes.length > 0 ? [list(notes.map(escapeMarkdown))] : []),
  ].join('\n\n');
};

export const hasReal = (sources: readonly Source[]): boolean =>
  sources.some(({ peopleShown }) => peopleShown === 'real');

/** How the images of generated and drawn sets are marked, or where to get files that are. */
export const filesText = (made: MadeNode, lineage: Lineage, files: CardFiles, shown: PeopleShown): string => {
  if (shown === 'real') return 'The shards are those of the artifact: each image is the file that came in.';
  const mark = 'that they were not taken by a camera (IPTC `digitalSourceType`)';
  return files === 'marked'
    ? `Files of generated and drawn images say in their metadata ${mark}; copies of inquiry images carry no such mark. Pixels are those of the artifact, but the mark changes the digests of the shards: \`croissant.json\` has those of the shards here.`
    : `The shards are those of the artifact, and their images carry no mark. \`cemiflow export '${lineage.run.id}:${made.node.id}' --croissant\` writes files that say in their metadata ${mark}, as does \`--format\`.`;
};

export const howToVerify = ({ root, run }: Lineage, made: MadeNode, { digest }: ArtifactRef): string =>
  [
    table(
      ['What', 'Digest'],
      [
        ['this set', `\`${digest}\``],
        ['its action', `\`${made.key}\``],
        ...(root ? [['the run', `\`${root.digest}\``]] : []),
      ],
      (cell) => cell,
    ),
    [
      '```',
      `cemiflow trace ${digest}`,
      `cemiflow audit ${run.id}`,
      `cemiflow audit ${run.id} --replay '${made.node.id}'`,
      '```',
    ].join('\n'),
  ].join('\n\n');

export const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

const number = (value: number | undefined): string => (value === undefined ? '–' : count(value));

export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  shown: (cell: string) => string = escapeMarkdown,
): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(shown))].map((row) => `| ${row.join(' | ')} |`).join('\n');
