import { expect, it } from 'vitest';
import { withoutSecrets } from '../../threads/child.ts';

it('a child process for untrusted files is not told the keys of servers', () => {
  const kept = { PATH: '/bin', HOME: '/home/ada', XDG_CACHE_HOME: '/cache', CEMIFLOW_KERNELS: 'composed' };
  const secrets = {
    ...{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c', S3_SECRET_KEY: 'd' },
    ...{ TEMPORAL_API_KEY: 'e', HF_TOKEN: 'f', API_KEY: 'g', SOME_PASSWORD: 'h' },
  };
  expect(withoutSecrets({ ...kept, ...secrets })).toEqual(kept);
});
