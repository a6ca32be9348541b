import { type Html, html } from '../../../report/html.ts';
import type { FaceCell, Faces, Picture } from './read.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const gap = 3;
const lineHeight = 20;

/** About the width of a text in the type of the drawings. */
export const textWidth = (text: string): number => Math.ceil(6.6 * text.length);

export const sizeOfFaces = (faces: Faces): Size => {
  const { columns, rows } = layoutOf(faces);
  const extent = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size + gap, -gap);
  return { width: extent(columns), height: extent(rows) };
};

/** Pictures in rows, as the page has them. */
export const drawFaces = (faces: Faces): Html => {
  const { columns, rows } = layoutOf(faces);
  const offset = (sizes: readonly number[], index: number): number =>
    sizes.slice(0, index).reduce((sum, size) => sum + size + gap, 0);
  return html`${faces.rows.map((row, r) =>
    placed(row).map(({ cell, column }) =>
      drawCell(cell, offset(columns, column), offset(rows, r), rows[r] as number, faces.height),
    ),
  )}`;
};

const drawCell = ({ picture, text }: FaceCell, x: number, y: number, height: number, most: number): Html => {
  if (!picture) return html`<text x="${x}" y="${y + height / 2 + 4}">${text}</text>`;
  const size = enlarged(picture, most);
  return html`<image x="${x}" y="${y}" width="${size.width}" height="${size.height}" style="image-rendering:pixelated" href="${picture.href}"/>`;
};

/** A whole multiple of the picture: pixels keep the same size, and none is lost. */
const enlarged = ({ width, height }: Picture, most: number): Size => {
  const times = Math.max(1, Math.floor(most / height));
  return { width: times * width, height: times * height };
};

/** Cells with the column that each begins in. */
const placed = (row: readonly FaceCell[]): { cell: FaceCell; column: number }[] =>
  row.map((cell, i) => ({ cell, column: row.slice(0, i).reduce((sum, { span }) => sum + span, 0) }));

/** Widths of columns and heights of rows. A label that is wider than its columns widens the last of them. */
const layoutOf = ({ rows, height }: Faces): { columns: number[]; rows: number[] } => {
  const sizeOf = ({ picture, text }: FaceCell): Size =>
    picture ? enlarged(picture, height) : { width: textWidth(text), height: lineHeight };
  const columns: number[] = [];
  const bySpan = (a: { cell: FaceCell }, b: { cell: FaceCell }): number => a.cell.span - b.cell.span;
  for (const { cell, column } of rows.flatMap(placed).sort(bySpan)) {
    const last = column + cell.span - 1;
    const before = columns.slice(column, last).reduce((sum, width) => sum + width + gap, 0);
    columns[last] = Math.max(columns[last] ?? 0, sizeOf(cell).width - before);
  }
  return { columns, rows: rows.map((row) => Math.max(...row.map((cell) => sizeOf(cell).height))) };
};
