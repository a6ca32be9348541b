import { writeFileSync } from 'node:fs';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { placeOf, type StageContext, type StageKind } from '../../core/stage.ts';
import { ProgramCheckpoints } from '../../foreign/checkpoints.ts';
import { layOut, storeCode } from '../../foreign/code.ts';
import { type Contained, contained, engineFailed } from '../../foreign/container.ts';
import { environmentOf, hiding, installersEnvironment, withoutMachine } from '../../foreign/environment.ts';
import { type Input, layOutInput } from '../../foreign/inputs.ts';
import { Lines } from '../../foreign/lines.ts';
import { ProgramLog } from '../../foreign/log.ts';
import { type Output, type TakeWeights, takeOutput } from '../../foreign/outputs.ts';
import { installPackages } from '../../foreign/packages.ts';
import { filled } from '../../foreign/places.ts';
import { type Ended, runProgram } from '../../foreign/program.ts';
import { type Message, messageIn } from '../../foreign/protocol.ts';
import { requireSandbox, sandboxed } from '../../foreign/sandbox.ts';
import { Workspace } from '../../foreign/workspace.ts';
import { importRecognizer, type RecognizerFile } from '../../training/import/recognizer.ts';

/** `schemas/stages/command-run.schema.json` */
interface Params {
  readonly command: readonly (string | number)[];
  /** Digest of the folder of code. */
  readonly content: Digest;
  readonly inputs: { readonly [name: string]: Input };
  readonly outputs: { readonly [name: string]: Output };
  readonly packages: string | null;
  readonly image?: string | null;
  readonly env: { readonly [name: string]: string };
  readonly secrets: readonly string[];
  readonly checkpoint: string | null;
  readonly sandbox: boolean;
  readonly gpus: number;
  readonly threads?: number;
  readonly memoryMiB?: number;
  readonly timeoutSeconds: number | null;
  readonly graceSeconds: number;
}

/** `command/run`: runs a program that is none of ours, and takes what it makes into the store. */
export const stage: StageKind<Params> = {
  async run(params, context) {
    const workspace = new Workspace();
    try {
      await layOut(await codeOf(params, context), workspace.folder, context.store);
      for (const [name, input] of Object.entries(params.inputs))
        await layOutInput(input, workspace.at(placeOfInput(name, input)), context.store);
      await perform(params, workspace, context);
      const outputs: { [name: string]: ArtifactRef } = {};
      for (const [name, output] of Object.entries(params.outputs))
        outputs[name] = await takeOutput(name, output, workspace.at(output.path), context, takeWeights);
      return outputs;
    } finally {
      workspace.close();
    }
  },
};

/** A recognizer that the program trained. What it learned from is what the stage was given. */
const takeWeights: TakeWeights = (at, { recognizer, licence }, context) =>
  importRecognizer(
    at,
    { ...(recognizer as unknown as RecognizerFile), trainedOn: "what the stage's program was given", licence },
    context,
  );

const placeOfInput = (name: string, { path }: Input): string => path ?? `inputs/${name}`;

/** @throws CemiflowError `CodeChanged` where the folder is no longer what was planned */
const codeOf = async ({ content }: Params, context: StageContext): Promise<ArtifactRef> => {
  const planned: ArtifactRef = { type: 'files', digest: content };
  // Another attempt, or another node of the same code, may have kept it: what is edited meanwhile changes nothing.
  const kept = await context.store.getArtifact(planned).catch((error) => {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
  });
  if (kept) return planned;
  const folder = placeOf(context, 'code');
  const stored = await storeCode(folder, context.store);
  if (stored.digest === content) return stored;
  throw new CemiflowError('CodeChanged', `the code in ${folder} is no longer what the run was planned with`, {
    remedy: 'cemiflow run starts it again with the code as it is now',
    data: { folder, wanted: content, found: stored.digest },
  });
};

/** Runs the program to its end. @throws CemiflowError `ProgramFailed`, `ProgramTimeout`, `ProgramKilled` (retryable), as `runProgram` */
const perform = async (params: Params, workspace: Workspace, context: StageContext): Promise<void> => {
  const { secrets, checkpoint, timeoutSeconds, graceSeconds, memoryMiB = 0 } = params;
  const own = environmentOf({ ...params, seed: context.seed, workspace });
  const hide = hiding(secrets.map((name) => own[name] ?? ''));
  const { signal, log: say } = context;
  const installed =
    params.packages === null
      ? undefined
      : await installPackages(params.packages, {
          workspace,
          env: { ...installersEnvironment(), ...own },
          signal,
          log: say,
        });
  const places = {
    ...Object.fromEntries(
      Object.entries(params.inputs).map(([name, input]) => [`inputs.${name}`, placeOfInput(name, input)]),
    ),
    ...Object.fromEntries(Object.entries(params.outputs).map(([name, { path }]) => [`outputs.${name}`, path])),
    ...{ seed: `${context.seed}`, ...(checkpoint !== null && { checkpoint }) },
  };
  const { command, env, remove } = await enclosed(
    params.command.map((argument) => filled(`${argument}`, places)),
    { params, workspace, env: { ...own, ...installed?.env }, readable: installed?.readable ?? [], signal },
  );
  const checkpoints = new ProgramCheckpoints(
    checkpoint === null ? undefined : workspace.at(checkpoint),
    context.checkpoints,
  );
  await checkpoints.restore();
  const reporter = new Reporter(context, checkpoints);
  const log = new ProgramLog();
  const lines = new Lines((line) => reporter.take(messageIn(line)));
  const ended = await runProgram({
    command,
    ...{ cwd: workspace.folder, env, graceMs: graceSeconds * 1000, signal: context.signal },
    ...(timeoutSeconds !== null && { timeoutMs: timeoutSeconds * 1000 }),
    ...(memoryMiB > 0 && { memoryBytes: memoryMiB * 2 ** 20 }),
    onOutput: (stream, bytes) => {
      log.add(bytes);
      if (stream === 'out') lines.add(bytes);
    },
  });
  lines.close();
  await checkpoints.settled();
  // The engine may have been killed, and not what it started.
  if (remove && (ended.stopped || ended.code === null)) await quietly(remove, { env });
  const printed = hide(`${log.bytes()}`);
  context.log(`the program ended (${endOf(ended)}) and printed:\n${printed}`);
  // Says what became of a run that is cancelled or whose worker drains.
  if (context.signal.aborted) await context.progress({ phase: 'stopped', step: 0, steps: 0 });
  checkEnd(ended, params, printed);
  await context.keepLog?.(Buffer.from(printed));
};

/** In a container or a sandbox, where one is asked for. @throws CemiflowError `SandboxUnavailable`, `ContainerEngineMissing`, `ImageHasPackages` */
const enclosed = async (
  command: readonly string[],
  {
    params,
    workspace,
    env,
    readable,
    signal,
  }: {
    readonly params: Params;
    readonly workspace: Workspace;
    readonly env: { readonly [name: string]: string };
    readonly readable: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Pick<Contained, 'command' | 'env'> & Partial<Contained>> => {
  const { sandbox, gpus, image, packages } = params;
  const folders = [workspace.folder, workspace.temporary];
  if (image) {
    if (packages !== null) throw imageHasPackages(image);
    const given = withoutMachine(env, params.env);
    const made = contained(command, { image, folders, env: given, gpus, network: !sandbox, envFile: workspace.beside });
    writeFileSync(workspace.beside, made.file, { mode: 0o600 });
    return made;
  }
  if (!sandbox) return { command, env };
  const loads = Object.keys(params.env).find((name) => name.startsWith('LD_'));
  if (loads !== undefined)
    throw new CemiflowError('VariableInvalid', `${loads} would load code into what makes the sandbox, outside of it`, {
      remedy: `set it inside: command: [env, ${loads}=…, ${command[0]}, …]`,
      data: { name: loads },
    });
  const options = { writable: folders, readable, env, gpus };
  await requireSandbox(options, signal);
  return { command: sandboxed(command, options), env };
};

const imageHasPackages = (image: string): CemiflowError =>
  new CemiflowError('ImageHasPackages', `packages are installed on the machine, and the program runs in ${image}`, {
    remedy: 'build the packages into the image, and leave packages out; or leave image out',
    data: { image },
  });

/** Runs a command whose failure changes nothing. */
const quietly = (command: readonly string[], { env }: Pick<Contained, 'env'>): Promise<unknown> =>
  runProgram({
    ...{ command, cwd: '/', env, graceMs: 1000, timeoutMs: 10_000, signal: new AbortController().signal },
    onOutput: () => {},
  }).catch(() => {});

/** With which engines end where a signal killed the program in its container. */
const killedInside = 137;

const endOf = ({ code, signal }: Ended): string => (code === null ? `signal ${signal}` : `exit status ${code}`);

const checkEnd = (ended: Ended, { command, timeoutSeconds, memoryMiB, image }: Params, printed: string): void => {
  if (ended.code === 0 && ended.stopped !== 'timeout') return;
  const last = printed
    .trimEnd()
    .split(/[\r\n]+/)
    .slice(-20)
    // Whatever it printed is shown on terminals and in pages.
    .map(printable)
    .join('\n');
  const data = { command: [...command], code: ended.code, signal: ended.signal, printed: last };
  if (ended.stopped === 'timeout')
    throw new CemiflowError(
      'ProgramTimeout',
      `${command[0]} ran longer than ${timeoutSeconds} s; it last printed:\n${last}`,
      {
        remedy: 'raise timeoutSeconds, or leave it out',
        data,
      },
    );
  if (ended.stopped === 'memory')
    throw new CemiflowError(
      'ProgramTooLarge',
      `${command[0]} had more than ${memoryMiB} MiB in memory; it last printed:\n${last}`,
      { remedy: 'raise memoryMiB, or leave it out', data },
    );
  if (image && ended.code === engineFailed)
    throw new CemiflowError('ContainerFailed', `the container of ${image} cannot be started:\n${last}`, {
      remedy: 'see that the engine runs on the machine of the worker, and that it can pull the image',
      data,
    });
  // Somebody or something outside killed it: memory ran out, or its machine went down.
  const killed = ended.signal ?? (image && ended.code === killedInside ? 'SIGKILL' : null);
  if (killed === 'SIGKILL' || killed === 'SIGTERM')
    throw new CemiflowError('ProgramKilled', `${command[0]} was killed by ${killed}; it last printed:\n${last}`, {
      remedy: 'it starts again; where this repeats, look whether memory runs out',
      data,
      retryable: true,
    });
  throw new CemiflowError('ProgramFailed', `${command[0]} ended with ${endOf(ended)}; it last printed:\n${last}`, {
    remedy:
      'mend the program; "cemiflow retry" starts it again once its code is what was planned, "cemiflow run" plans it anew',
    data,
  });
};

/** Passes on what the program says of itself. */
class Reporter {
  readonly #context: StageContext;
  readonly #checkpoints: ProgramCheckpoints;
  #now: { phase: string; step: number; steps: number; metrics?: { readonly [name: string]: number } } = {
    ...{ phase: 'run', step: 0, steps: 0 },
  };

  constructor(context: StageContext, checkpoints: ProgramCheckpoints) {
    this.#context = context;
    this.#checkpoints = checkpoints;
    this.#tell();
  }

  take(message: Message | undefined): void {
    if (message === undefined) return;
    if (message.kind === 'checkpoint') {
      this.#checkpoints.save(message.step ?? this.#now.step);
      return;
    }
    const { kind: _, ...said } = message;
    this.#now = { ...this.#now, ...said };
    this.#checkpoints.reached(this.#now.step);
    this.#tell();
  }

  #tell(): void {
    // It rejects once the run is cancelled: the program is being stopped then, and its end is waited for.
    this.#context.progress(this.#now).catch(() => {});
  }
}
