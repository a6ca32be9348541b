import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { readJson, writeJson } from './files.ts';

/** Root credentials of the embedded object store. */
export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The credentials in `path`, if there are any. */
export const readCredentials = (path: string): Credentials | undefined => {
  const found = readJson<Credentials>(path);
  return found?.accessKey && found.secretKey ? found : undefined;
};

/** The credentials in `path`, generated when missing; only the owner can read the file afterwards. */
export const ensureCredentials = (path: string): Credentials => {
  const found = readCredentials(path);
  if (found !== undefined) {
    chmodSync(path, 0o600);
    return found;
  }
  const made = {
    accessKey: `cemiflow-${randomBytes(6).toString('hex')}`,
    secretKey: randomBytes(24).toString('base64url'),
  };
  writeJson(path, made);
  return made;
};
