import type { Guard, Resources } from '../client/start.ts';
import type { WorkersWanted } from '../client/underway.ts';
import { usageError } from '../client/usage-error.ts';
import type { Arguments } from './command.ts';
import type { Session } from './session.ts';

/** `--device`; undefined where it was not given. @throws CemiflowError `Usage` */
export const readDevice = (args: Arguments): Resources['device'] | undefined => {
  const device = args.text('device');
  if (device === undefined || device === 'cpu' || device === 'gpu') return device;
  throw usageError(`--device must be cpu or gpu, got ${device}`, '--device cpu');
};

/** `--device`, `--max-parallel`, `--cpu-workers`, `--gpu-workers`. @throws CemiflowError `Usage` */
export const readResources = (args: Arguments, { cores }: Session): Resources => {
  const device = readDevice(args) ?? 'cpu';
  return {
    device,
    maxParallel: args.count('max-parallel', 1) ?? 16,
    cpuWorkers: args.count('cpu-workers') ?? Math.min(2, cores),
    gpuWorkers: args.count('gpu-workers') ?? (device === 'gpu' ? 1 : 0),
  };
};

/** The same for a run that is under way, which knows its device itself. @throws CemiflowError `Usage` */
export const readWorkers = (args: Arguments, session: Session): WorkersWanted => ({
  cpuWorkers: readResources(args, session).cpuWorkers,
  gpuWorkers: args.count('gpu-workers'),
});

/** Only what was given: the rest has defaults. @throws CemiflowError `Usage` */
export const readGuard = (args: Arguments): Guard => {
  const everySeconds = args.count('checkpoint-seconds', 1);
  const everySteps = args.count('checkpoint-steps', 1);
  const heartbeatSeconds = args.count('heartbeat-timeout', 1);
  const keep = args.flag('keep-checkpoints');
  const checkpoint = {
    ...(everySeconds && { everySeconds }),
    ...(everySteps && { everySteps }),
    ...(keep && { keep }),
  };
  return {
    ...(everySeconds || everySteps || keep ? { checkpoint } : {}),
    ...(heartbeatSeconds ? { heartbeatSeconds } : {}),
  };
};
