import { listNumbers, type Traced, traceCell, traceDigest, tracePage } from '../../client/trace.ts';
import { usageError } from '../../client/usage-error.ts';
import { isDigest } from '../../core/digest.ts';
import { endsInData } from '../../provenance/trace/chain.ts';
import { dotOf } from '../../provenance/trace/dot.ts';
import { treeOf } from '../../provenance/trace/text.ts';
import type { Arguments, Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult, type Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const caller = callerOf(session);
  const [first, cell] = args.positionals;
  const file = args.text('file');
  if ((file === undefined) === (first === undefined))
    throw usageError('trace takes RUN, a digest, or --file', "cemiflow trace RUN 'CELL'");
  if (file !== undefined) return tell(await tracePage(file, caller), args, session);
  if (isDigest(first)) return tell(await traceDigest(first, caller), args, session);
  if (cell !== undefined) return tell(await traceCell(args.first, cell, caller), args, session);
  const numbers = await listNumbers(args.first, caller);
  const text = alignColumns(numbers.map(({ id, text, what }) => [id, text, what])).join('\n');
  printResult(session, numbers, text, 2);
  return exitCodes.ok;
};

const tell = (traced: Traced, args: Arguments, session: Session): number => {
  const { run: runId, name, number, chain } = traced;
  const long = args.flag('long');
  if (args.flag('dot')) {
    session.print(dotOf(chain, name));
    return exitCodes.ok;
  }
  const lines = [
    number ? `${number.printed.text}  ${number.printed.what}` : name,
    ...factsOf(traced),
    ...(chain.steps.length > 0 ? [treeOf(chain, { long })] : []),
    ending(traced),
  ];
  printResult(session, asJson(traced), lines.join('\n'), 2);
  if (!session.json && !long && chain.steps.length > 0)
    session.note(`--long shows parameters, code and machines; "cemiflow audit ${runId}" proves it`);
  return exitCodes.ok;
};

const factsOf = ({ run: runId, name, number, edited, named }: Traced): string[] => [
  ...(edited ? [`the file shows ${edited.shown ?? 'no such number'}, the run has ${edited.kept ?? 'none'}`] : []),
  ...(number ? readings(number.printed) : []),
  ...(named ? [`${named.what}${named.node ? ` of ${named.node}` : ''}${runId === name ? '' : ` in ${runId}`}`] : []),
];

/** Such as `read from metrics.json#/sets/lfw/accuracy of sha256:…`. */
const readings = ({ artifacts, at, quoted }: NonNullable<Traced['number']>['printed']): string[] =>
  artifacts.map((digest, i) => `${quoted ? 'quoted from' : 'read from'} ${at[i] ? `${at[i]} of ` : ''}${digest}`);

const ending = ({ chain, number }: Traced): string => {
  if (number?.printed.quoted) return 'quoted from a file of the code: no step of this run made it';
  return `ends in ${chain.ends.join(', ')}${endsInData(chain) ? ': data alone' : ''}`;
};

const asJson = ({ run: runId, name, number, edited, named, chain }: Traced) => ({
  run: runId,
  name,
  number: number?.printed ?? null,
  edited: edited ?? null,
  named: named ?? null,
  tops: chain.tops,
  ends: chain.ends,
  endsInData: endsInData(chain),
  steps: chain.steps.map(({ id, inputs, record }) => ({ id, inputs, record })),
});
