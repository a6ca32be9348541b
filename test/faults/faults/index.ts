import type { Fault } from '../fault.ts';
import { cancel } from './cancel.ts';
import { everything } from './everything.ts';
import { heartbeat } from './heartbeat.ts';
import { minio, orchestrator, temporal } from './servers.ts';
import { store } from './store.ts';
import { program, training, worker } from './worker.ts';

/** In the order of the table. Those of one lab stand together. */
export const faults: readonly Fault[] = [
  worker,
  training,
  program,
  temporal,
  minio,
  orchestrator,
  everything,
  cancel,
  heartbeat,
  store,
];
