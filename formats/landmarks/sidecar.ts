import { formatInvalid } from '../invalid.ts';

/** Most bytes of a file beside a photo. */
export const maxSidecarBytes = 2 ** 20;

/**
 * Reads the landmarks that lie beside a photo: `{"landmarks": [[x, y], …]}` with five points. Other keys are passed over.
 *
 * @returns x1, y1, …, x5, y5
 * @throws CemiflowError `FormatInvalid`
 */
export const readSidecar = (path: string, bytes: Uint8Array): readonly number[] => {
  const refuse = (message: string, cause?: unknown): Error =>
    formatInvalid({
      format: 'landmarks',
      file: path,
      offset: 0,
      message,
      remedy: 'write {"landmarks": [[x, y], …]}: both eyes, the nose, and both corners of the mouth',
      cause,
    });
  if (bytes.length > maxSidecarBytes) throw refuse(`must be at most ${maxSidecarBytes} bytes`);
  const points = parse(bytes, refuse);
  if (!Array.isArray(points) || points.length !== 5) throw refuse('"landmarks" must be a list of five points');
  for (const point of points)
    if (!Array.isArray(point) || point.length !== 2 || !point.every(Number.isFinite))
      throw refuse('each point must be two numbers, x and y');
  return points.flat();
};

const parse = (bytes: Uint8Array, refuse: (message: string, cause?: unknown) => Error): unknown => {
  try {
    const root: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return root !== null && typeof root === 'object' ? (root as { landmarks?: unknown }).landmarks : undefined;
  } catch (cause) {
    throw refuse('must be JSON in UTF-8', cause);
  }
};
