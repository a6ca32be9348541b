import { buildId } from '../spec/code-digest.ts';

/** Prints the id of the code in this image. */
process.stdout.write(await buildId());
