import { connect } from 'node:net';
import type { SupervisorStatus, WorkerSpec } from './types.ts';

/** What can be asked of a supervisor: one JSON line each way. */
export type Request =
  | { readonly op: 'status' }
  /** The servers were found healthy and prepared. */
  | { readonly op: 'ready' }
  /** Takes children that gave up back into service. */
  | { readonly op: 'revive' }
  /** @param project the checkout whose code has that build: not always the supervisor's own */
  | { readonly op: 'ensure-workers'; readonly build: string; readonly project: string; readonly spec: WorkerSpec }
  /** Answered at once; the supervisor ends when its children have. */
  | { readonly op: 'stop' };

export type Reply =
  | { readonly ok: true; readonly status: SupervisorStatus }
  | { readonly ok: false; readonly error: string };

const replyTimeoutMs = 10_000;

/** Asks the supervisor; undefined when none listens on the socket. */
export const ask = (socketPath: string, request: Request): Promise<SupervisorStatus | undefined> =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(replyTimeoutMs, () => socket.destroy(new Error(`no answer on ${socketPath}`)));
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0) return;
      socket.end();
      const reply = JSON.parse(text.slice(0, end)) as Reply;
      if (reply.ok) resolve(reply.status);
      else reject(new Error(reply.error));
    });
    socket.once('close', () => resolve(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const nobody = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      if (nobody) resolve(undefined);
      else reject(error);
    });
  });
