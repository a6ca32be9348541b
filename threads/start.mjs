// A thread begins without the hooks that read TypeScript, also where the process has them.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
