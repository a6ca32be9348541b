export const kernelSources: (project: string) => string[];
export const kernelDigest: (project: string) => string;
export const instructionLevel: (file?: string, arch?: string) => string;
export const kernelFile: (packages: string, project: string, level?: string) => string;
