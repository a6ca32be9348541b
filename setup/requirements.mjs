// Not by name: Node 16 has no statfs, and is to hear that it is too old.
import * as fs from 'node:fs';
import { probe } from './run.mjs';

/** Compares dotted versions by their first three numbers: negative, zero or positive. */
export const compareVersions = (a, b) => {
  const numbers = (version) => version.replace(/^v/, '').split(/[.-]/).slice(0, 3).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) if ((left[i] || 0) !== (right[i] || 0)) return (left[i] || 0) - (right[i] || 0);
  return 0;
};

/** Why this Node cannot be used, or undefined. */
export const nodeTrouble = (version, { atLeast, below }) => {
  if (compareVersions(version, below) >= 0)
    return `Node ${version} is too new: cemiflow has not been tested with it. Use Node 20, 22 or 24.`;
  if (compareVersions(version, atLeast) < 0)
    return `Node ${version} is too old: use Node 20 (from ${atLeast} on), 22 or 24.`;
  // zlib.crc32, which zips and PNG chunks need, came to these lines late.
  if (compareVersions(version, '21') >= 0 && compareVersions(version, '22.2') < 0)
    return `Node ${version} lacks zlib.crc32: use Node 20 (from ${atLeast} on), 22 (from 22.2 on) or 24.`;
  return undefined;
};

const serversInstead = 'or name existing servers by TEMPORAL_ADDRESS and by S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY';

/** What a step may need of the machine: what it is, how to see whether it is there, and the ways out. */
export const requirements = {
  go: {
    what: 'Go 1.21 or later',
    waysOut: ['install it, for example: apt-get install golang-go (or from go.dev/dl)', serversInstead],
    present: async () => {
      const found = /go version go(\d+\.\d+)/.exec((await probe('go', ['version'])) ?? '');
      return found !== null && compareVersions(found[1], '1.21') >= 0;
    },
  },
  pip: {
    what: 'Python 3 with pip',
    waysOut: ['install it, for example: apt-get install python3-pip'],
    present: async () => (await probe('python3', ['-m', 'pip', '--version'])) !== undefined,
  },
  python: {
    what: 'Python 3',
    waysOut: ['install it, for example: apt-get install python3'],
    present: async () => (await probe('python3', ['--version'])) !== undefined,
  },
  compiler: {
    what: 'a C++ compiler and make',
    waysOut: ['install them, for example: apt-get install g++ make'],
    present: async () => {
      const compilers = [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean);
      const found = await Promise.all(compilers.map((compiler) => probe(compiler, ['--version'])));
      return found.some((output) => output !== undefined) && (await probe('make', ['--version'])) !== undefined;
    },
  },
  npm: {
    what: 'npm',
    waysOut: ['install it together with Node 20, 22 or 24'],
    present: async () => (await probe('npm', ['--version'])) !== undefined,
  },
  linux: {
    what: 'Linux on x86-64 or arm64',
    waysOut: ['run cemiflow in a container: docker/README.md'],
    present: async () => process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch),
  },
};

/** Free space where `path` is, in bytes; infinite when it is not known. */
export const freeBytes = (path) => {
  try {
    const { bavail, bsize } = fs.statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};

/**
 * What is missing for the steps that have to be done, each with what it is needed for.
 *
 * @param steps `{name, purpose, needs: (keyof requirements)[]}`
 * @returns `{what, why, waysOut}` per missing thing
 */
export const findMissing = async (steps, known = requirements) => {
  const names = [...new Set(steps.flatMap((step) => step.needs))];
  const present = await Promise.all(names.map((name) => known[name].present()));
  return names
    .filter((_, i) => !present[i])
    .map((name) => ({
      what: known[name].what,
      why: steps.filter((step) => step.needs.includes(name)).map((step) => step.purpose),
      waysOut: known[name].waysOut,
    }));
};

/** A lack of disk space, in the form of `findMissing`. */
export const spaceMissing = (steps, folder, free = freeBytes(folder)) => {
  const wanted = steps.reduce((sum, step) => sum + step.bytes, 0);
  if (free >= wanted) return [];
  const gb = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  return [
    {
      what: `disk space in ${folder}: ${gb(free)} are free, up to ${gb(wanted)} may be used on the way`,
      why: steps.map((step) => `${step.name}: up to ${gb(step.bytes)}`),
      waysOut: ['free some space', 'or set XDG_CACHE_HOME to a folder on a larger disk'],
    },
  ];
};

/** The one message about everything that is missing. */
export const missingMessage = (missing) => {
  const items = missing.map(({ what, why, said = [], waysOut }) =>
    [
      `  ${what}`,
      ...why.map((reason) => `    needed: ${reason}`),
      ...said.map((line) => `    seen: ${line}`),
      ...waysOut.map((way) => `    way out: ${way}`),
    ].join('\n'),
  );
  const count = missing.length === 1 ? 'one thing is' : `${missing.length} things are`;
  return `cemiflow cannot be set up yet: ${count} missing.\n\n${items.join('\n\n')}\n\nThen run the same command again: what is done is kept.`;
};

const networkSigns =
  /no such host|dial tcp|i\/o timeout|TLS handshake timeout|name resolution|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|NewConnectionError|Failed to establish a new connection|Network is unreachable|Connection (refused|timed out)|Could not resolve|ReadTimeoutError|ProxyError|network request to .* failed/i;

/** Whether a failed command's output says that it could not reach the network. */
export const looksLikeNoNetwork = (output) => networkSigns.test(output);

/** The last line that tells of the network; its end says most. */
const networkLine = (output) => {
  const line = (output.split('\n').findLast((each) => networkSigns.test(each)) ?? '').trim();
  return line.length > 200 ? `… ${line.slice(-200)}` : line;
};

const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count);

/**
 * The one message about steps that failed, and the exit code: 2 when all of them only lacked the network.
 *
 * @param failures `{step: {name, purpose}, error}`
 */
export const failureMessage = (failures) => {
  const offline = failures.filter(({ error }) => looksLikeNoNetwork(error.output ?? error.message));
  if (offline.length === failures.length)
    return {
      code: 2,
      message: missingMessage([
        {
          what: 'the network',
          why: offline.map(({ step }) => step.purpose),
          said: offline.map(({ error }) => networkLine(error.output ?? error.message)),
          waysOut: [
            'connect this machine, or set HTTPS_PROXY, PIP_INDEX_URL, GOPROXY or npm_config_registry to what it can reach',
            serversInstead,
          ],
        },
      ]),
    };
  const parts = failures.map(({ step, error }) =>
    [
      `  ${step.name}: ${error.message}`,
      ...lastLines(error.output ?? '', 12).map((line) => `    | ${line}`),
      ...(error.log ? [`    all of it: ${error.log}`] : []),
    ].join('\n'),
  );
  return {
    code: 1,
    message: `Set-up failed.\n\n${parts.join('\n\n')}\n\nWhat is done is kept; run the same command again to continue.`,
  };
};
