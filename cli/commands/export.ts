import { resolve } from 'node:path';
import { exportFolder } from '../../artifacts/export-folder.ts';
import { findArtifact } from '../../client/artifacts.ts';
import { connectStore } from '../../client/connect.ts';
import { exportBundle } from '../../client/export/bundle.ts';
import { exportCrate } from '../../client/export/crate.ts';
import { exportCroissant } from '../../client/export/croissant.ts';
import { targetOf, writeFolder } from '../../client/export/folder.ts';
import { findRun } from '../../client/runs.ts';
import type { ArtifactType } from '../../core/artifact.ts';
import { dispensable } from '../../provenance/export/bundle.ts';
import { slug } from '../../provenance/export/held.ts';
import type { Arguments, Run } from '../command.ts';
import { exitCodes, usageError } from '../exit.ts';
import type { Session } from '../session.ts';

const forms = ['ro-crate', 'croissant', 'bundle'] as const;

export const run: Run = async (args, session) => {
  const [form, more] = forms.filter((name) => args.flag(name));
  if (more) throw usageError(`--${form} and --${more} are exports of their own`, 'give one of them');
  const without = withoutOf(args, form === 'bundle');
  const [name = '', folder] = args.positionals;
  if (form === undefined) return exportImages(name, folder, session);
  const colon = name.indexOf(':');
  if ((form === 'croissant') !== colon >= 0)
    throw usageError(
      `--${form} takes ${form === 'croissant' ? 'RUN:NODE' : 'RUN'}, got ${name}`,
      form === 'croissant' ? 'cemiflow export RUN:NODE --croissant' : `cemiflow export RUN --${form}`,
    );
  const store = await connectStore(session);
  const document = await findRun(store, colon < 0 ? name : name.slice(0, colon));
  const node = name.slice(colon + 1);
  const suffix = { 'ro-crate': 'crate', croissant: `${slug(node)}-croissant`, bundle: 'bundle' }[form];
  const path = targetOf(session.cwd, folder, `${document.id}-${suffix}`);
  if (form === 'ro-crate') await exportCrate(store, document, path);
  else if (form === 'croissant') await exportCroissant(store, document, node, path);
  else await exportBundle(store, document, without, path);
  session.print(session.json ? JSON.stringify({ run: document.id, form, path }) : path);
  return exitCodes.ok;
};

const exportImages = async (name: string, folder: string | undefined, session: Session): Promise<number> => {
  if (folder === undefined || !name.includes(':'))
    throw usageError('the export of images takes RUN:NODE and a folder', 'cemiflow export RUN:NODE DIR');
  const store = await connectStore(session);
  const path = resolve(session.cwd, folder);
  const ref = await findArtifact(store, name);
  let count = { identities: 0, images: 0 };
  await writeFolder(path, async (put) => {
    count = await exportFolder(store, ref, put);
  });
  if (session.json) session.print(JSON.stringify({ path, ...count }));
  else session.print(`${count.images} images of ${count.identities} identities in ${path}`);
  return exitCodes.ok;
};

/** @throws CemiflowError `Usage` */
const withoutOf = (args: Arguments, bundle: boolean): ArtifactType[] => {
  const given = args.text('without');
  if (given === undefined) return [];
  if (!bundle) throw usageError('--without belongs to --bundle', 'cemiflow export RUN --bundle --without weights');
  const names = [...new Set(given.split(',').map((each) => each.trim()))].sort();
  const unknown = names.find((each) => !(dispensable as readonly string[]).includes(each));
  if (unknown === undefined) return names as ArtifactType[];
  throw usageError(`--without cannot leave out ${unknown || 'nothing'}`, `name some of ${dispensable.join(', ')}`);
};
