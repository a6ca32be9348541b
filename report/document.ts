import { CemiflowError } from '../core/errors.ts';
import type { Drawing, KeyFigure, Part, SectionHead } from './block.ts';
import type { ReportModel } from './model.ts';

/** A section of the page with its tables and figures. */
export interface Section extends SectionHead {
  readonly parts: readonly NumberedPart[];
}

/** A part with its name: `Table 2`. Statements have none. */
export type NumberedPart = Part & { readonly name: string };

/** What all blocks draw, gathered into sections; tables and figures are numbered through the page. */
export const sectionsOf = ({ blocks }: Pick<ReportModel, 'blocks'>): Section[] => {
  const counts = { Table: 0, Figure: 0 };
  const numbered = (part: Part): NumberedPart => {
    if ('statement' in part) return { ...part, name: '' };
    const kind = 'table' in part ? 'Table' : 'Figure';
    counts[kind] += 1;
    return { ...part, name: `${kind} ${counts[kind]}` };
  };
  checkTableIds(blocks.map(({ drawing }) => drawing));
  const sections = new Map<string, { head: SectionHead; parts: Part[] }>();
  for (const { drawing } of blocks) {
    if (drawing.parts.length === 0) continue;
    const found = sections.get(drawing.section.id) ?? { head: drawing.section, parts: [] };
    found.parts.push(...drawing.parts);
    sections.set(drawing.section.id, found);
  }
  return [...sections.values()].map(({ head, parts }) => ({ ...head, parts: parts.map(numbered) }));
};

/** The results that a reader looks for first, of all blocks. */
export const keyFigures = ({ blocks }: Pick<ReportModel, 'blocks'>): KeyFigure[] =>
  blocks.flatMap(({ drawing }) => drawing.keyFigures ?? []);

/** A table's id begins the ids of its numbers, by which reports are compared. */
const checkTableIds = (drawings: readonly Drawing[]): void => {
  const ids = drawings.flatMap(({ parts }) => parts.flatMap((part) => ('table' in part ? part.table.id : [])));
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice === undefined) return;
  throw new CemiflowError('ReportInputInvalid', `two tables of the report have the id "${twice}"`, {
    remedy: 'let each block begin the ids of its tables with its own name',
    data: { id: twice },
  });
};
