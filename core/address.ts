/** Whether a path is an address such as `s3://bucket/folder`, and not a place on this machine. */
export const isAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//.test(path);
