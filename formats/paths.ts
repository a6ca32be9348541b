/** Longest path of an archive's entry, in bytes: Linux's PATH_MAX. */
export const maxPathBytes = 4096;

const photograph = /\.(jpe?g|png|webp)$/i;

/** Whether a path is that of an image, by its name alone. */
export const isPhotograph = (path: string): boolean => photograph.test(path);

/** Whether file managers made the file: hidden files, macOS resource forks, thumbnails. */
export const isClutter = (path: string): boolean => {
  const parts = path.split('/');
  const name = parts.at(-1) as string;
  return parts[0] === '__MACOSX' || name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';
};

/** The folder that holds the file: the identity where sets have a folder for each. Undefined for a file in no folder. */
export const folderOf = (path: string): string | undefined => path.split('/').at(-2);

/**
 * The path of an archive's entry without `./` in front, which `tar -c .` writes.
 *
 * @returns undefined where the path is absolute, leads out, has empty parts, or has characters that mean other things elsewhere
 */
export const safePath = (path: string): string | undefined => {
  const relative = path.replace(/^(\.\/)+/, '');
  if (relative.length > maxPathBytes) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are refused
  if (/[\u0000-\u001f\u007f\\]|^[A-Za-z]:/.test(relative)) return undefined;
  return relative.split('/').some((part) => ['', '.', '..'].includes(part)) ? undefined : relative;
};
