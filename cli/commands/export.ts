import { exportAsBundle, exportAsCrate, exportAsCroissant, exportAsImages } from '../../client/export/index.ts';
import { usageError } from '../../client/usage-error.ts';
import { plural } from '../../core/words.ts';
import type { Arguments, Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult, type Session } from '../session.ts';

const forms = ['ro-crate', 'croissant', 'bundle'] as const;
type Form = (typeof forms)[number];

export const run: Run = async (args, session) => {
  const [form, more] = forms.filter((name) => args.flag(name));
  if (more) throw usageError(`--${form} and --${more} exclude each other`, 'give one of them');
  const without = args.text('without');
  if (without !== undefined && form !== 'bundle')
    throw usageError('--without belongs to --bundle', 'cemiflow export RUN --bundle --without weights');
  if (form === undefined) return exportImages(args, session);
  const { run, path } = await exportForm(form, without, args, session);
  printResult(session, { run, form, path }, path);
  return exitCodes.ok;
};

const exportForm = (form: Form, without: string | undefined, args: Arguments, session: Session) => {
  const [name = '', folder] = args.positionals;
  if ((form === 'croissant') !== name.includes(':'))
    throw usageError(
      `--${form} takes ${form === 'croissant' ? 'RUN:NODE' : 'RUN'}, got ${name}`,
      form === 'croissant' ? 'cemiflow export RUN:NODE --croissant' : `cemiflow export RUN --${form}`,
    );
  const caller = callerOf(session);
  if (form === 'ro-crate') return exportAsCrate(name, folder, caller);
  if (form === 'croissant') return exportAsCroissant(name, folder, caller);
  return exportAsBundle(name, folder, without?.split(',').map((each) => each.trim()) ?? [], caller);
};

const exportImages = async ({ positionals: [name = '', folder] }: Arguments, session: Session): Promise<number> => {
  if (folder === undefined || !name.includes(':'))
    throw usageError('the export of images takes RUN:NODE and a folder', 'cemiflow export RUN:NODE DIR');
  const written = await exportAsImages(name, folder, callerOf(session));
  const { path, identities, images } = written;
  printResult(
    session,
    written,
    `${plural(images, 'image')} of ${plural(identities, 'identity', 'identities')} in ${path}`,
  );
  return exitCodes.ok;
};
