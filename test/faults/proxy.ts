import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a store may do to a request:
 * - `unavailable`: answers 503; `full`: answers 507 to writes
 * - `reset`: breaks the connection, of an upload after half of its bytes; `cut`: of a download after half of its bytes
 * - `unanswered`: does the work, and breaks the connection instead of an answer
 * - `stall`: stands still until the fault is over; `slow`: passes some 64 KiB a second
 */
export const storeFaults = ['unavailable', 'full', 'reset', 'cut', 'unanswered', 'stall', 'slow'] as const;
export type StoreFault = (typeof storeFaults)[number];

/** A store's address with trouble on the line: requests go through as they are, until a fault begins. */
export class FaultProxy {
  readonly endpoint: string;
  readonly #server: http.Server;
  readonly #target: URL;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  #fault: StoreFault | undefined;
  #struck = 0;
  #over: (() => void)[] = [];

  /** @param target `http://host:port` of the store */
  static async start(target: string): Promise<FaultProxy> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, new URL(target));
  }

  private constructor(server: http.Server, target: URL) {
    this.#server = server;
    this.#target = target;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.#handle(request, response).catch(() => request.destroy()));
  }

  /** Requests that have met the fault since it began. */
  get struck(): number {
    return this.#struck;
  }

  /** Every request that arrives from now on meets this fault, where it is of a kind that can. */
  begin(fault: StoreFault): void {
    this.#struck = 0;
    this.#fault = fault;
  }

  end(): void {
    this.#fault = undefined;
    for (const over of this.#over.splice(0)) over();
  }

  close(): void {
    this.end();
    this.#server.close();
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#fault !== undefined && canMeet(this.#fault, request) ? this.#fault : undefined;
    if (fault === undefined) return this.#pass(request, response);
    this.#struck++;
    if (fault === 'unavailable') return answer(request, response, 503, 'SlowDown');
    if (fault === 'full') return answer(request, response, 507, 'XMinioStorageFull');
    if (fault === 'stall') await new Promise<void>((resolve) => this.#over.push(resolve));
    // The client has given up in the meantime.
    if (request.destroyed) return;
    return this.#pass(request, response, fault);
  }

  #pass(request: IncomingMessage, response: ServerResponse, fault?: StoreFault): void {
    const { hostname, port } = this.#target;
    const breakOff = (): void => {
      request.socket.destroy();
      far.destroy();
    };
    const far = http.request({
      ...{ hostname, port, method: request.method, path: request.url, agent: this.#agent },
      // The host too: the client has signed it.
      headers: request.rawHeaders as never,
    });
    far.on('error', breakOff);
    request.on('error', () => far.destroy());
    response.on('close', () => far.destroy());
    far.on('response', (answered) => {
      answered.on('error', breakOff);
      if (fault === 'unanswered') return breakOff();
      response.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
      if (fault === 'cut') return void answered.pipe(until(halfOf(answered), breakOff)).pipe(response);
      if (fault === 'slow') return void answered.pipe(this.#drip()).pipe(response);
      answered.pipe(response);
    });
    if (fault === 'reset') request.pipe(until(halfOf(request), breakOff)).pipe(far);
    else if (fault === 'slow') request.pipe(this.#drip()).pipe(far);
    else request.pipe(far);
  }

  /** Passes bytes slowly while the fault lasts. */
  #drip(): Transform {
    const isOver = (): boolean => this.#fault !== 'slow';
    return new Transform({
      transform(chunk: Buffer, _, done) {
        const pass = async (): Promise<void> => {
          for (let from = 0; from < chunk.length; from += 16_384) {
            if (!isOver()) await sleep(250);
            this.push(chunk.subarray(from, from + 16_384));
          }
        };
        pass().then(() => done(), done);
      },
    });
  }
}

const canMeet = (fault: StoreFault, { method }: IncomingMessage): boolean => {
  if (fault === 'full') return method === 'PUT';
  if (fault === 'cut') return method === 'GET';
  return true;
};

const answer = (request: IncomingMessage, response: ServerResponse, status: number, code: string): void => {
  request.resume().on('end', () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>by the proxy</Message></Error>`;
    response.writeHead(status, { 'content-type': 'application/xml', 'content-length': xml.length });
    response.end(request.method === 'HEAD' ? undefined : xml);
  });
};

const halfOf = ({ headers }: IncomingMessage): number => Math.floor(Number(headers['content-length'] ?? 0) / 2);

/** Passes so many bytes, and then breaks the line. */
const until = (bytes: number, breakOff: () => void): Transform => {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (chunk.length < left) {
        left -= chunk.length;
        return done(null, chunk);
      }
      this.push(chunk.subarray(0, left));
      left = 0;
      // Once what was passed has left.
      setTimeout(breakOff, 20);
    },
    flush: () => breakOff(),
  });
};
