import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'pipelines/kinds/**/*.test.ts'],
    globalSetup: 'test/helpers/temporary.ts',
    // TensorFlow's library is loaded once per process and uses all cores itself.
    pool: 'forks',
    maxWorkers: 2,
    // The library's own notes would bury the results; errors still show.
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
