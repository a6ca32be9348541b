import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import type { Connection } from '@temporalio/client';
import type { Client } from 'minio';
import { s3Answers, temporalAnswers } from './answers.ts';
import { directly, isLoopback } from './loopback.ts';
import type { Endpoints, S3Endpoint, TemporalEndpoint } from './types.ts';

/** How long an embedded namespace keeps the histories of closed workflows: 90 days. */
export const retentionSeconds = 90 * 24 * 3600;

/** An S3 client for the endpoint, as the probes use it. */
const s3Client = async (s3: S3Endpoint): Promise<Client> => {
  const { Client } = await import('minio');
  const url = new URL(s3.endpoint);
  const useSSL = url.protocol === 'https:';
  const port = Number(url.port || (useSSL ? 443 : 80));
  const { accessKey, secretKey, region } = s3;
  // Node's own agent may go through a proxy (NODE_USE_ENV_PROXY), which the store's never does.
  const transportAgent = useSSL ? new https.Agent() : new http.Agent();
  // Who waits for a server asks again himself; the client's own retries print a line each.
  const retryOptions = { disableRetry: true };
  return new Client({
    endPoint: url.hostname,
    port,
    useSSL,
    accessKey,
    secretKey,
    region,
    transportAgent,
    retryOptions,
  });
};

/** How long a server on this machine may take to say that it is well; after that, its client asks it. */
const quickMs = 1_000;

/** Undefined when the store answers a signed request, otherwise what is wrong. */
export const s3Trouble = async (s3: S3Endpoint): Promise<string | undefined> => {
  const { protocol, host } = new URL(s3.endpoint);
  if (protocol === 'http:' && isLoopback(host) && (await s3Answers(s3, quickMs))) return undefined;
  return failureOf(async () => (await s3Client(s3)).bucketExists(s3.bucket));
};

const withConnection = async <T>(
  temporal: TemporalEndpoint,
  use: (connection: Connection) => Promise<T>,
): Promise<T> => {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({
    address: temporal.address,
    connectTimeout: 3_000,
    ...directly(temporal.address),
  });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
};

/** Undefined when Temporal answers for the namespace, otherwise what is wrong. */
export const temporalTrouble = async (temporal: TemporalEndpoint): Promise<string | undefined> => {
  // Servers elsewhere may be behind a proxy, which only the client knows how to use.
  if (isLoopback(temporal.address) && (await temporalAnswers(temporal, quickMs))) return undefined;
  return failureOf(() =>
    withConnection(temporal, (connection) =>
      connection.withDeadline(Date.now() + 3_000, () =>
        connection.workflowService.describeNamespace({ namespace: temporal.namespace }),
      ),
    ),
  );
};

/** What is wrong with the servers, each in a line; empty when both are healthy. */
export const troubles = async ({ temporal, s3 }: Endpoints): Promise<string[]> => {
  const [atTemporal, atS3] = await Promise.all([temporalTrouble(temporal), s3Trouble(s3)]);
  return [...told(temporal, atTemporal), ...(atS3 === undefined ? [] : [`S3 at ${s3.endpoint}: ${atS3}`])];
};

/** The same of servers that have just been started, whose pages open last: `up` prints where those are. */
export const startTroubles = async (endpoints: Endpoints): Promise<string[]> => {
  const { temporal, s3 } = endpoints;
  const found = await troubles(endpoints);
  if (found.length > 0) return found;
  const pages = [temporal.ui, s3.console].filter((page) => page !== undefined);
  const opened = await Promise.all(pages.map((page) => takesConnections(new URL(page))));
  return pages.filter((_, index) => !opened[index]).map((page) => `the page at ${page} does not open`);
};

const takesConnections = ({ hostname, port }: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: quickMs });
    const settle = (takes: boolean): void => {
      socket.destroy();
      resolve(takes);
    };
    socket.once('connect', () => settle(true));
    for (const event of ['error', 'timeout']) socket.once(event, () => settle(false));
  });

/** Gives an embedded namespace its retention; what is wrong where that fails. */
export const retentionTroubles = async (temporal: TemporalEndpoint): Promise<string[]> => {
  const set = (): Promise<void> =>
    withConnection(temporal, async ({ workflowService }) => {
      const { namespace } = temporal;
      const { config } = await workflowService.describeNamespace({ namespace });
      if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) === retentionSeconds) return;
      const workflowExecutionRetentionTtl = { seconds: retentionSeconds as never };
      await workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
    });
  return told(temporal, await failureOf(set));
};

/** Days that the namespace keeps histories of closed workflows. */
export const retentionDays = (temporal: TemporalEndpoint): Promise<number> =>
  withConnection(temporal, async ({ workflowService }) => {
    const { config } = await workflowService.describeNamespace({ namespace: temporal.namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / (24 * 3600);
  });

const told = ({ address }: TemporalEndpoint, trouble: string | undefined): string[] =>
  trouble === undefined ? [] : [`Temporal at ${address}: ${trouble}`];

/** Undefined where it succeeds, otherwise what is wrong. */
const failureOf = async (ask: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await ask();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};

const messageOf = (error: unknown): string => {
  const { details, message } = error as { details?: string; message?: string };
  return details || message || String(error);
};
