// A child process begins without the hooks that read TypeScript.
import { register } from 'tsx/esm/api';

register();
await import(process.argv[2]);
