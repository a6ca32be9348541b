import { type Installation, inspectInstallation } from '../../services/installation.ts';
import type { Caller } from '../caller.ts';
import { type Version, versionOf } from '../version.ts';
import type { Check } from './check.ts';
import { type Examination, examine } from './diagnosis.ts';
import { installationChecks } from './installed.ts';
import { tensorChecks } from './tensors.ts';

/** What is installed on this machine, and what TensorFlow sees. */
export interface DoctorResult extends Version {
  /** Whether no check failed. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly installation: Installation;
  readonly examination: Examination;
}

/** Inspects this machine, and trains two small networks. Starts no server. @param quick without the training */
export const doctor = async (quick: boolean, caller: Caller): Promise<DoctorResult> => {
  const { home, env } = caller;
  const [version, installation, examination] = await Promise.all([
    versionOf(),
    inspectInstallation({ home, env }),
    examine(caller, { quick }),
  ]);
  const checks = [...installationChecks(installation, home), ...tensorChecks(examination, installation, quick)];
  return { ...version, ok: checks.every(({ state }) => state !== 'failed'), checks, installation, examination };
};
