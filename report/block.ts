import type { Digest } from '../core/digest.ts';
import type { Html } from './html.ts';
import type { ReportReader } from './reader.ts';
import type { Statement } from './statement.ts';
import type { TableModel } from './table.ts';

/**
 * One part of a report, such as its accuracy table. A block is a folder `report/blocks/<name>/`: `schema.json` describes its
 * parameters, which a spec's report has under `<name>`, and `block.ts` exports `block`. Nothing else names it.
 */
export interface Block<Params = never, Model = never> {
  /** Its place on the page: blocks come in ascending order. */
  readonly order: number;
  /** Whether it shows pictures and prints no number: the numbers of a report can be checked without it. */
  readonly onlyPictures?: boolean;
  /** Whether it concludes from all its inputs together: a report so far leaves it out until all of them are made. */
  readonly needsAll?: boolean;
  /** Rules that its drawings need beside the page's own style sheet. */
  readonly style?: string;
  /**
   * Reads all that the block shows. It is not called where a spec leaves the block out (null, false, or an empty list).
   *
   * @throws CemiflowError `ReportInputInvalid`
   */
  read(params: Params, reader: ReportReader, report: ReportParams): Promise<Model>;
  /** What the page and the Markdown show. Only cells and key figures that name artifacts are numbers. */
  draw(model: Model, head: ReportHead): Drawing;
  /** What `report.json` holds under the block's name; default: the model, without its pictures. */
  numbers?(model: Model): unknown;
}

/** The head of a report: what belongs to no block. */
export interface ReportHead {
  readonly title: string;
  readonly description: string;
  /** A caution about the numbers, such as what the benchmarks are. */
  readonly note: string;
  /** Where deviations from the paper are listed: an https address, or a path from the project's root. */
  readonly deviations?: string | null;
}

/** The parameters of a report, references resolved: the head, and under each block's name that block's own. */
export interface ReportParams extends ReportHead {
  readonly skipped: readonly Skipped[];
  readonly [block: string]: unknown;
}

/** A stage that the run did without, and why. */
export interface Skipped {
  readonly stage: string;
  readonly because: string;
}

/** What a block adds to the page. */
export interface Drawing {
  readonly section: SectionHead;
  readonly parts: readonly Part[];
  /** The results that a reader looks for first. */
  readonly keyFigures?: readonly KeyFigure[];
}

/** A section of the page. Blocks whose sections have the same id share one; the first of them names it. */
export interface SectionHead {
  readonly id: string;
  readonly title: string;
  readonly intro?: string;
}

/** A table or statement, drawn in the page and in Markdown, or a figure, drawn in the page alone. */
export type Part =
  | { readonly table: TableModel }
  | { readonly statement: Statement }
  | { readonly figure: { readonly caption: string; readonly content: Html } };

export interface KeyFigure {
  /** Names it in the page: `key.best`. */
  readonly id: string;
  readonly value: string;
  readonly unit: string;
  readonly what: string;
  readonly artifacts: readonly Digest[];
  /** The place in the report's parameters that names each of them. */
  readonly inputs: readonly string[];
  /** Where in each of them the value is. */
  readonly at: readonly string[];
}
