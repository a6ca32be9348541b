import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryOf } from '../../services/binaries.ts';
import { choosePorts } from '../../services/ports.ts';
import { S3Objects } from '../../store/s3.ts';
import type { S3Config } from '../../store/s3-config.ts';
import { ownEnv } from './services.ts';

export interface TestMinio {
  readonly config: S3Config;
  /** Folder where the bucket's objects lie on the disk. */
  readonly folder: string;
  /** Kills it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with what lay on its disk. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real MinIO alone, on a port and a folder of its own, with an empty bucket. Quicker than all services. */
export const startMinio = async (): Promise<TestMinio> => {
  const home = mkdtempSync(join(tmpdir(), 'cemiflow-minio-'));
  const { minio, minioConsole } = await choosePorts({});
  const config = {
    endpoint: `http://127.0.0.1:${minio}`,
    accessKey: `key${randomUUID()}`.slice(0, 20),
    secretKey: randomUUID(),
    bucket: 'cemiflow-test',
  };
  const addresses = ['--address', `127.0.0.1:${minio}`, '--console-address', `127.0.0.1:${minioConsole}`];
  const spawnServer = (): ChildProcess =>
    spawn(binaryOf('minio', ownEnv()), ['server', join(home, 'data'), '--quiet', ...addresses], {
      env: { ...ownEnv(), MINIO_ROOT_USER: config.accessKey, MINIO_ROOT_PASSWORD: config.secretKey },
      stdio: 'ignore',
    });
  let child = spawnServer();
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  await untilReady(config, child);
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  };
  const start = async (): Promise<void> => {
    child = spawnServer();
    await untilReady(config, child);
  };
  const stop = async (): Promise<void> => {
    process.off('exit', killNow);
    await kill();
    rmSync(home, { recursive: true, force: true });
  };
  return { config, folder: join(home, 'data', config.bucket), kill, start, stop };
};

const untilReady = async (config: S3Config, child: ChildProcess): Promise<void> => {
  const objects = new S3Objects({ ...config, attempts: 30, backoffMs: 250 });
  await objects.ensureBucket().catch((error) => {
    throw child.exitCode === null ? error : new Error(`MinIO ended with ${child.exitCode}`);
  });
  objects.close();
};
