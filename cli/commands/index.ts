import type { Command } from '../command.ts';

const set = { type: 'string', multiple: true } as const;
const out = { type: 'string' } as const;
/** How much of this machine a run may use. */
const resources = {
  device: { type: 'string' },
  'max-parallel': { type: 'string' },
  'cpu-workers': { type: 'string' },
  'gpu-workers': { type: 'string' },
} as const;

/** How a run guards against crashes. */
const guard = {
  'checkpoint-seconds': { type: 'string' },
  'checkpoint-steps': { type: 'string' },
  'keep-checkpoints': { type: 'boolean' },
  'heartbeat-timeout': { type: 'string' },
} as const;
const because = { type: 'string' } as const;

const runName = 'RUN is an id, the beginning of one, or the name of an experiment (its latest run).';
const stageNames =
  "STAGE is a node as status shows it, such as 'student[m=0.5]' (quoted, for the shell), or a stage for all of its nodes.";
const skipDetails = 'What needs them is skipped too, but for the report, which is made without them and says so.';
const resourceDetails = [
  '--device cpu|gpu       where stages with tensors run; default cpu',
  '--max-parallel N       stages under way at once; default 16',
  '--cpu-workers N        worker processes of this machine; default 2, or 1 on one core',
  '--gpu-workers N        one for each GPU; default 1 with --device gpu',
];
const guardDetails = [
  '--checkpoint-seconds N training leaves a checkpoint after so long; default 120 where steps are not given',
  '--checkpoint-steps N   and after so many steps, whichever comes first',
  '--keep-checkpoints     all of them stay when a training has ended, so that "audit --replay" can go from one to the next',
  '--heartbeat-timeout N  seconds of silence after which a worker is taken for lost; default 60. For tests, and for',
  '                       machines on which a single training step takes longer',
];

/** Every command in the order of `help`. To add one is to add an entry here and a file that exports `run`. */
export const commands: readonly Command[] = [
  {
    name: 'up',
    usage: '',
    summary: 'start Temporal and the object store, where the environment names no others',
    load: () => import('./up.ts'),
  },
  {
    name: 'down',
    usage: '',
    summary: 'stop workers and embedded servers; runs go on at the next "attach" or "run"',
    load: () => import('./down.ts'),
  },
  {
    name: 'status',
    usage: '[RUN]',
    summary: 'show services and workers, or where a run stands; starts nothing',
    details: runName,
    positionals: [0, 1],
    load: () => import('./status.ts'),
  },
  {
    name: 'validate',
    usage: 'SPEC [--set key=value]…',
    summary: 'check a spec; starts nothing',
    details: '--set params.m=[0,1]   override a value of the spec; may be given several times',
    options: { set },
    positionals: [1, 1],
    load: () => import('./validate.ts'),
  },
  {
    name: 'plan',
    usage: 'SPEC [--set key=value]…',
    summary: 'show what a run would do: each action a hit, or a miss and why',
    details: '--set params.m=[0,1]   override a value of the spec; may be given several times',
    options: { set },
    positionals: [1, 1],
    load: () => import('./plan.ts'),
  },
  {
    name: 'run',
    usage: 'SPEC [--set key=value]… [--device cpu|gpu] [--max-parallel N] [--detach] [--out DIR]',
    summary: 'run an experiment to its report, or attach to it where it runs',
    details: [
      'Starts services and workers that are not up. Ctrl-C detaches: the run goes on. Where the run waits for a person, its',
      'failed stages are tried again; where its workflow is gone, it is taken up again.',
      '--set params.m=[0,1]   override a value of the spec; may be given several times',
      ...resourceDetails,
      ...guardDetails,
      '--detach               start and return',
      '--out DIR              where the report goes; default reports/<experiment>',
    ].join('\n'),
    options: { ...resources, ...guard, set, out, detach: { type: 'boolean' } },
    positionals: [1, 1],
    load: () => import('./run.ts'),
  },
  {
    name: 'attach',
    usage: 'RUN [--out DIR]',
    summary: 'follow a run to its report; starts its workers where they are gone',
    details: [runName, ...resourceDetails.slice(2), '--out DIR              default: reports/<experiment>'].join('\n'),
    options: { ...resources, out },
    positionals: [1, 1],
    load: () => import('./attach.ts'),
  },
  {
    name: 'watch',
    usage: 'RUN',
    summary: 'look at a run until it ends; starts nothing',
    details: runName,
    positionals: [1, 1],
    load: () => import('./watch.ts'),
  },
  {
    name: 'cancel',
    usage: 'RUN',
    summary: 'stop a run; what is finished is kept',
    details: runName,
    options: resources,
    positionals: [1, 1],
    load: () => import('./cancel.ts'),
  },
  {
    name: 'retry',
    usage: 'RUN [STAGE]…',
    summary: 'try failed stages of a run again: all of them, unless named',
    details: [runName, stageNames].join('\n'),
    options: resources,
    positionals: [1, Number.POSITIVE_INFINITY],
    load: () => import('./retry.ts'),
  },
  {
    name: 'skip',
    usage: 'RUN STAGE… --because TEXT',
    summary: 'let a run go on without failed stages',
    details: [
      runName,
      stageNames,
      skipDetails,
      "--because 'the data set is gone'   goes into the report and its record",
    ].join('\n'),
    options: { ...resources, because },
    positionals: [2, Number.POSITIVE_INFINITY],
    load: () => import('./skip.ts'),
  },
  {
    name: 'abort',
    usage: 'RUN [--because TEXT]',
    summary: 'end a run as failed; its stages leave checkpoints, and what is finished is kept',
    details: runName,
    options: { ...resources, because },
    positionals: [1, 1],
    load: () => import('./abort.ts'),
  },
  {
    name: 'pause',
    usage: 'RUN',
    summary: 'start nothing new in a run; what is under way goes on',
    details: runName,
    options: resources,
    positionals: [1, 1],
    load: () => import('./pause.ts'),
  },
  {
    name: 'continue',
    usage: 'RUN',
    summary: 'let a paused run go on',
    details: runName,
    options: resources,
    positionals: [1, 1],
    load: () => import('./continue.ts'),
  },
  { name: 'runs', usage: '', summary: 'list the runs, latest first', load: () => import('./runs.ts') },
  {
    name: 'report',
    usage: 'RUN [--out DIR]',
    summary: 'fetch the report of a run',
    details: `${runName}\n--out DIR   default: reports/<experiment>`,
    options: { out },
    positionals: [1, 1],
    load: () => import('./report.ts'),
  },
  {
    name: 'trace',
    usage: 'RUN [CELL] | DIGEST | --file report.html#ID [--long] [--dot]',
    summary: 'show what a number, a node or a digest stands on, down to raw data',
    details: [
      `${runName} Without CELL it lists the numbers of the report.`,
      "CELL is a number's id, or words that fit one alone ('m 0.5 lfw average'), or a node such as 'students[m=0.5]'.",
      'DIGEST is that of an artifact, a file, an action, a record or a run.',
      '--file PATH#ID   a number of a page, by the id in its link',
      '--long           with parameters, code, machines and times',
      '--dot            for Graphviz',
    ].join('\n'),
    options: { file: { type: 'string' }, long: { type: 'boolean' }, dot: { type: 'boolean' } },
    positionals: [0, 2],
    load: () => import('./trace.ts'),
  },
  {
    name: 'audit',
    usage: 'RUN | --file report.html [--replay N|NODE] [--seed S]',
    summary: 'rehash everything behind a run, check every link, compute its numbers again',
    details: [
      runName,
      '--file PATH        the run whose root a page prints, and the page itself, number by number',
      '--replay N         do so many random shards, evaluations and training intervals again, and compare',
      "--replay NODE      do a node again, such as 'verify[m=0.5]', or one of its parts: 'synthetic[m=1]#3'",
      '--seed S           chooses the same pieces again',
      'Exit code: the sum of 1 corrupt, 2 missing, 4 not reproduced, 8 not verifiable; 16 where the audit could not run.',
    ].join('\n'),
    options: { file: { type: 'string' }, replay: { type: 'string' }, seed: { type: 'string' } },
    positionals: [0, 1],
    load: () => import('./audit.ts'),
  },
  {
    name: 'fsck',
    usage: '[--repair]',
    summary: 'read every object of the store again; make anew what is damaged or missing',
    details: [
      '--repair   from copies where there are some, and else by doing the action again that made it',
      'Exit code: the sum of 1 corrupt and 2 missing, of what is left; 16 where it could not run.',
    ].join('\n'),
    options: { repair: { type: 'boolean' } },
    load: () => import('./fsck.ts'),
  },
  {
    name: 'get',
    usage: 'DIGEST|RUN:NODE[.output] [--out PATH]',
    summary: 'fetch an artifact into a folder, or a blob into a file',
    details: 'Everything is rehashed on the way.\n--out PATH   default: the first 12 digits of the digest',
    options: { out },
    positionals: [1, 1],
    load: () => import('./get.ts'),
  },
  {
    name: 'export',
    usage: 'RUN:NODE DIR',
    summary: 'write a dataset as a folder of PNGs for each identity',
    positionals: [2, 2],
    load: () => import('./export.ts'),
  },
  {
    name: 'kinds',
    usage: '[KIND]',
    summary: 'list the stage kinds, or the parameters of one',
    positionals: [0, 1],
    load: () => import('./kinds.ts'),
  },
  {
    name: 'doctor',
    usage: '[--quick]',
    summary: 'look at what is installed and what TensorFlow sees, and train a little; starts no server',
    details: [
      '--quick   without the training, which takes less than a minute',
      'On a machine with GPUs it looks at the first one of CUDA_VISIBLE_DEVICES, as the first GPU worker would.',
      'Exit code 1 where a line failed (✗); each has a remedy.',
    ].join('\n'),
    options: { quick: { type: 'boolean' } },
    load: () => import('./doctor.ts'),
  },
];
