import type { FileMetaData, SchemaTree } from 'hyparquet';

/** The columns of a set. */
export interface SetColumns {
  readonly image: string;
  readonly label: string;
  /** Names of the classes, where labels are numbers of `datasets`' ClassLabel. */
  readonly names?: readonly string[];
}

/** Columns that may hold the identity; the first one found counts. */
const labelColumns = ['label', 'identity', 'id'];

/**
 * Finds the image (the column `image`, or the only one that `datasets` calls an Image) and its identity (`label`, `identity` or `id`).
 *
 * @param fail makes the error from a message
 */
export const findColumns = (
  metadata: FileMetaData,
  schema: SchemaTree,
  fail: (message: string) => Error,
): SetColumns => {
  const features = featuresOf(metadata);
  const names = schema.children.map(({ element }) => element.name);
  const called = names.filter((name) => field(features[name], '_type') === 'Image');
  const image = names.includes('image') ? 'image' : called.length === 1 ? called[0] : undefined;
  const label = labelColumns.find((name) => names.includes(name));
  const found = names.slice(0, 20).join(', ');
  if (image === undefined) throw fail(`there must be a column image, got ${found}`);
  if (label === undefined) throw fail(`there must be a column label, identity or id, got ${found}`);
  for (const column of schema.children) if ([image, label].includes(column.element.name)) checkFlat(column, fail);
  const classes = field(features[label], 'names');
  const valid = Array.isArray(classes) && classes.every((name) => typeof name === 'string' && name !== '');
  return { image, label, ...(valid ? { names: classes } : {}) };
};

/** An image is bytes, or a struct with `bytes`; a label is one value. Lists are neither. */
const checkFlat = (column: SchemaTree, fail: (message: string) => Error): void => {
  const nodes = [column, ...column.children];
  if (
    nodes.some(
      ({ element, children }, index) => element.repetition_type === 'REPEATED' || (index > 0 && children.length > 0),
    )
  ) {
    throw fail(`column ${column.element.name} must hold one value for each row, or a struct of such`);
  }
};

const featuresOf = ({ key_value_metadata }: FileMetaData): { [name: string]: unknown } => {
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return {};
  try {
    const features = field(field(JSON.parse(text), 'info'), 'features');
    return typeof features === 'object' && features !== null ? (features as { [name: string]: unknown }) : {};
  } catch {
    // The note of `datasets` is only a hint: a set without it is read all the same.
    return {};
  }
};

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as { [name: string]: unknown })[name]
    : undefined;
