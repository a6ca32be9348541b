import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The user's cache folder for cemiflow, shared by all clones. Apart from the pinned versions: a stage that installs packages
 * for its program keeps them here, and its key must not change with a version that it never uses.
 */
export const cacheDir = (env) => join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'cemiflow');
