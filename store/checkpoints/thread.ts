/** Hashes and uploads checkpoints, so that the steps continue meanwhile. Started by `writer.ts`. */
import { serve, threadData } from '../../threads/serve.ts';
import { S3Objects } from '../s3.ts';
import type { S3Config } from '../s3-config.ts';
import { Checkpoints, type SaveJob } from './index.ts';

const checkpoints = new Checkpoints(new S3Objects(threadData<S3Config>()));

serve((job: SaveJob) => checkpoints.save(job));
