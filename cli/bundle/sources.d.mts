export const root: string;
export const folders: readonly string[];
export const sourcesDigest: (from?: string) => string;
