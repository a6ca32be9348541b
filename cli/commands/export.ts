import {
  type BundleChoice,
  type ExportFormat,
  exportAs,
  exportAsBundle,
  exportAsCrate,
  exportAsCroissant,
  exportFormats,
} from '../../client/export/index.ts';
import { type OnnxOptions, onnxOutputs } from '../../client/export/onnx.ts';
import { usageError } from '../../client/usage-error.ts';
import { nearest } from '../../core/nearest.ts';
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
  const listed = (name: string): string[] => {
    const text = args.text(name);
    if (text !== undefined && form !== 'bundle')
      throw usageError(`--${name} belongs to --bundle`, 'cemiflow export RUN --bundle --without weights');
    // Commas in brackets belong to a node's id: student[m=0.5,seed=1].
    return text?.split(/,(?![^[]*\])/).map((each) => each.trim()) ?? [];
  };
  const chosen = { without: listed('without'), keep: listed('keep') };
  if (chosen.keep.length > 0 && chosen.without.length === 0)
    throw usageError('--keep belongs to --without', 'cemiflow export RUN --bundle --without dataset --keep grid');
  const format = args.text('format');
  if (form !== undefined && format !== undefined)
    throw usageError(`--${form} and --format exclude each other`, 'give one of them');
  const output = args.text('output');
  if (output !== undefined && format !== 'onnx')
    throw usageError(
      '--output belongs to --format onnx',
      'cemiflow export RUN:NODE FILE --format onnx --output features',
    );
  if (form === undefined) return exportAsFormat(args, format, session);
  const { run, path } = await exportForm(form, chosen, args, session);
  printResult(session, { run, form, path }, path);
  return exitCodes.ok;
};

const exportForm = (form: Form, chosen: BundleChoice, args: Arguments, session: Session) => {
  const [name = '', folder] = args.positionals;
  if ((form === 'croissant') !== name.includes(':'))
    throw usageError(
      `--${form} takes ${form === 'croissant' ? 'RUN:NODE' : 'RUN'}, got ${name}`,
      form === 'croissant' ? 'cemiflow export RUN:NODE --croissant' : `cemiflow export RUN --${form}`,
    );
  const caller = callerOf(session);
  if (form === 'ro-crate') return exportAsCrate(name, folder, caller);
  if (form === 'croissant') return exportAsCroissant(name, folder, caller);
  return exportAsBundle(name, folder, chosen, caller);
};

const exportAsFormat = async (args: Arguments, format: string | undefined, session: Session): Promise<number> => {
  const [name = '', target] = args.positionals;
  if (!name.includes(':') || (format === undefined && target === undefined))
    throw usageError('an export of what a node made takes RUN:NODE and a folder', 'cemiflow export RUN:NODE DIR');
  const wanted = format ?? 'folder';
  if (!isFormat(wanted))
    throw usageError(`--format must be one of ${exportFormats.join(', ')}, got ${wanted}`, nearestOf(wanted));
  const written = await exportAs(name, wanted, target, callerOf(session), outputOf(args.text('output')));
  const { path, identities, images } = written;
  const counts =
    identities === undefined || images === undefined
      ? ''
      : `${plural(images, 'image')} of ${plural(identities, 'identity', 'identities')} in `;
  printResult(session, written, `${counts}${path}`);
  if (written.mixtures)
    session.note(
      `the images are mixtures of two identities, of which ${wanted} holds the first alone: "cemiflow get ${name}" fetches soft-labels.safetensors too`,
    );
  return exitCodes.ok;
};

const outputOf = (given: string | undefined): OnnxOptions => {
  if (given === undefined) return {};
  const output = onnxOutputs.find((each) => each === given);
  if (output) return { output };
  throw usageError(`--output must be one of ${onnxOutputs.join(', ')}, got ${given}`, '--output features');
};

const isFormat = (name: string): name is ExportFormat => (exportFormats as readonly string[]).includes(name);

const nearestOf = (name: string): string => {
  const near = nearest(name, exportFormats);
  return near === undefined ? 'cemiflow help export lists them' : `did you mean --format ${near}?`;
};
