const word = 'password|passwd|passphrase|secret|credentials?|token|api[_-]?key|access[_-]?key|private[_-]?key';
const keyPattern = new RegExp(`(?:^|[._-])(?:[a-z0-9]*[_-])?(?:${word})(?:[_-](?:id|key|value|base64))?$`, 'i');
const valuePattern = /AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:[^/\s@]+@/;
const linePattern = new RegExp(`(\\b[\\w-]*(?:${word})[\\w-]*["']?\\s*[:=]).*`, 'i');

/** A key whose name says that its value is a secret: `password`, `s3_secret_key`, `apiKey`, `authToken`. */
export const looksSecret = (key: string): boolean => keyPattern.test(key.replace(/([a-z0-9])([A-Z])/g, '$1_$2'));

/** A value that is a secret by its form: a cloud key, a private key, an address with a password in it. */
export const holdsSecret = (value: string): boolean => valuePattern.test(value);

/** A line for a message or a log, with what may be a secret left out. */
export const hideSecrets = (line: string): string =>
  line.replace(linePattern, '$1 …').replace(new RegExp(valuePattern, 'g'), '…');
