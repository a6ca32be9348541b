import { CemiflowError } from '../core/errors.ts';
import type { Workspace } from './workspace.ts';

/** What programs need of the machine that they run on. */
const passedOn = [
  ...['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH'],
  ...['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES'],
];

/** Those variables of an environment that are set. */
export const chosen = (names: readonly string[], own: NodeJS.ProcessEnv): { readonly [name: string]: string } =>
  Object.fromEntries(names.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name] as string]])));

/**
 * The part of a program's environment that is not the worker's own, for a container, which has a PATH and a home of its own.
 *
 * @param given what the spec itself says, whatever its name
 */
export const withoutMachine = (
  env: { readonly [name: string]: string },
  given: { readonly [name: string]: string },
): { readonly [name: string]: string } => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !ofMachine.has(name))),
  ...given,
});
const ofMachine = new Set([
  'PATH',
  'HOME',
  'USER',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
]);

/** Where numerical libraries look for a number of threads. */
const countsThreads = ['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'NUMEXPR_NUM_THREADS'];

/**
 * The environment of a program: what it needs of the worker's own, what the spec gives it, and its secrets.
 *
 * @throws CemiflowError `SecretMissing`
 */
export const environmentOf = (
  {
    env,
    secrets,
    seed,
    threads = 0,
    workspace,
  }: {
    readonly env: { readonly [name: string]: string };
    readonly secrets: readonly string[];
    readonly seed: number;
    /** 0: as many as libraries like. */
    readonly threads?: number;
    readonly workspace: Pick<Workspace, 'temporary'>;
  },
  own: NodeJS.ProcessEnv = process.env,
): { readonly [name: string]: string } => {
  const missing = secrets.find((name) => !own[name]);
  if (missing !== undefined)
    throw new CemiflowError('SecretMissing', `the worker's environment has no ${missing}`, {
      remedy: `set ${missing} where the worker is started, or take it out of secrets`,
      data: { name: missing },
    });
  return {
    ...chosen(passedOn, own),
    ...{ TMPDIR: workspace.temporary, PYTHONUNBUFFERED: '1', CEMIFLOW_SEED: `${seed}` },
    ...(threads > 0 && Object.fromEntries(countsThreads.map((name) => [name, `${threads}`]))),
    ...env,
    ...chosen(secrets, own),
  };
};

/** This process's own environment, with changes: for programs that are ours to call, such as git. */
export const inherited = (changes: { readonly [name: string]: string }): NodeJS.ProcessEnv => ({
  ...process.env,
  ...changes,
});

/** Where installers find packages: mirrors, proxies, certificates. */
const installing =
  /^((PIP|UV)_|npm_config_|XDG_CACHE_HOME$|SSL_CERT_|REQUESTS_CA_BUNDLE$|NODE_EXTRA_CA_CERTS$|(https?|no|all)_proxy$)/i;

/** What installers need beside what programs do. */
export const installersEnvironment = (own: NodeJS.ProcessEnv = process.env): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) =>
      value !== undefined && installing.test(name) ? [[name, value]] : [],
    ),
  );

/** Shorter values would hide half of every log. */
const leastHidden = 4;

/** @returns what puts stars in the place of each of these values */
export const hiding = (values: readonly string[]): ((text: string) => string) => {
  const long = values.filter((value) => value.length >= leastHidden).sort((a, b) => b.length - a.length);
  return (text) => long.reduce((left, value) => left.replaceAll(value, '***'), text);
};
