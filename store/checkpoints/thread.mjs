// A thread begins without the hooks that read TypeScript, also where the process has them.
import { register } from 'tsx/esm/api';

register();
await import('./thread.ts');
