/** Environment variables by name; handed in by whoever may read the environment. */
export type Env = { readonly [name: string]: string | undefined };

export interface TemporalEndpoint {
  /** `host:port` of the gRPC front end. */
  readonly address: string;
  readonly namespace: string;
  /** URL of the web console, where we know it. */
  readonly ui?: string;
}

export interface S3Endpoint {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: string;
  readonly region: string;
  readonly console?: string;
}

export interface Endpoints {
  readonly temporal: TemporalEndpoint;
  readonly s3: S3Endpoint;
  /** Whether at least one of the two is a child of our own supervisor. */
  readonly embedded: boolean;
}

export type WorkerRole = 'orchestrator' | 'cpu' | 'gpu';
/** How many worker processes of each role. */
export type WorkerSpec = { readonly [role in WorkerRole]: number };

export type ChildState = 'starting' | 'running' | 'backoff' | 'stopping' | 'stopped' | 'failed';

/** What the supervisor knows of one child; times are ISO 8601. */
export interface ChildStatus {
  /** `temporal`, `minio`, or `cpu-0@1f2e3d4c5b6a` (role, index, build). */
  readonly name: string;
  readonly kind: 'temporal' | 'minio' | WorkerRole;
  readonly state: ChildState;
  readonly pid?: number;
  readonly port?: number;
  readonly build?: string;
  readonly restarts: number;
  readonly since: string;
  readonly log: string;
  /** How it ended last: `exit code 1`, `signal SIGKILL`. */
  readonly lastExit?: string;
}

/** A server, or a role, of which the supervisor has given up every process. */
export interface GivenUp {
  readonly kind: ChildStatus['kind'];
  /** `cpu-0@1f2e3d4c5b6a ended 9 times (exit code 1), see <log>` */
  readonly how: string;
}

export interface SupervisorStatus {
  readonly pid: number;
  readonly startedAt: string;
  /** Set once the servers were found healthy and prepared: an `up` that comes later need not do it again. */
  readonly ready: boolean;
  readonly stopping: boolean;
  /** Which servers the workers use; no secrets. */
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly s3Endpoint: string;
  /** The build that `ensureWorkers` asked for last. */
  readonly build?: string;
  readonly children: readonly ChildStatus[];
}

/** What `up` tells while it works, for a progress line. */
export interface ServiceEvent {
  readonly kind: 'waiting' | 'orphans' | 'port' | 'starting' | 'healthy' | 'warning';
  readonly message: string;
}
