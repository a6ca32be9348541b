/** Imports a pack into a store that is a folder: `import-process.ts PACK STORE ATTEMPT`. Prints the step of each checkpoint, then the artifact. */
import { stage } from '../../../activities/data-import/stage.ts';
import type { ActionKey } from '../../../core/action.ts';
import { ActionAttempt } from '../../../engine/attempt.ts';
import { FolderObjects } from '../../../store/folder.ts';
import { Store } from '../../../store/index.ts';

const [pack = '', folder = '', number = '1'] = process.argv.slice(2);
const store = new Store(new FolderObjects(folder));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const attempt = new ActionAttempt({
  key: `sha256:${'0'.repeat(64)}` as ActionKey,
  store,
  writer: {
    save: async (job) => {
      const saved = await store.checkpoints.save(job);
      say(`checkpoint ${saved?.step}`);
      return saved;
    },
  },
  interval: { everySteps: 40 },
  id: `attempt ${number}`,
  attempt: Number(number),
  tell: ({ resumedFrom }) => {
    if (resumedFrom !== undefined) say(`resumed ${resumedFrom}`);
  },
  log: say,
});
await attempt.begin();
const { data } = await stage.run(
  {
    ...({ format: 'recordio', size: 8, fit: 'exact', minImages: 1, maxImages: 0, onBadFile: 'fail' } as const),
    ...({ links: 'inside', people: 'drawn', licence: '', source: '', consent: '' } as const),
  } as Parameters<typeof stage.run>[0],
  {
    ...{ seed: 1, store, places: { path: pack }, signal: new AbortController().signal, checkpoints: attempt },
    // Slower than a disk, so that there is a half way.
    progress: () => new Promise((resolve) => setTimeout(resolve, 30)),
    log: say,
  },
);
say(`artifact ${data?.digest}`);
