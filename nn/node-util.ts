import util from 'node:util';

/**
 * Functions of `node:util` that tfjs-node 4.22 calls for every tensor. Node 22 warns of them, and Node 23 removed the first.
 * To be imported before the package is loaded.
 */
Object.assign(util, {
  isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
  isArray: Array.isArray,
});
