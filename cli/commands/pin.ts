import { namedArtifact } from '../../client/artifacts.ts';
import { connectStore } from '../../client/connect.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { shortDigest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { isoTime } from '../../core/time.ts';
import type { Store } from '../../store/index.ts';
import type { Arguments, Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import type { Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const store = await connectStore(session);
  const [name] = args.positionals;
  if (name === undefined) return list(store, session);
  return args.flag('remove') ? remove(store, name, session) : add(store, name, args, session);
};

const list = async (store: Store, session: Session): Promise<number> => {
  const pins = await store.pins.list();
  if (session.json) session.print(JSON.stringify(pins, null, 2));
  else if (pins.length === 0) session.print('nothing is pinned: cemiflow pin RUN:NODE');
  else
    session.print(
      alignColumns(pins.map(({ ref, name, at, because }) => [ref.digest, ref.type, name, at, because])).join('\n'),
    );
  return exitCodes.ok;
};

const add = async (store: Store, name: string, args: Arguments, session: Session): Promise<number> => {
  const since = await store.sweeps.settled();
  const ref = await namedArtifact(store, name);
  const pins = await store.pins.list().catch((error) => {
    // A damaged pin is mended so.
    if (error.code !== 'PinCorrupt') throw error;
    return [];
  });
  const before = pins.find((pin) => pin.ref.digest === ref.digest);
  const because = args.text('because') ?? before?.because ?? '';
  await store.pins.put({ ref, name, because, at: isoTime(new Date()) });
  // A gc may have looked at the pins before this one was there, and have taken it.
  if (!(await store.sweeps.unswept(since))) await mustBeWhole(store, ref, name);
  session.print(session.json ? JSON.stringify({ pinned: ref }) : `${name} is pinned: ${ref.type} ${ref.digest}`);
  return exitCodes.ok;
};

const mustBeWhole = async (store: Store, ref: ArtifactRef, name: string): Promise<void> => {
  if (await store.isWhole(ref)) return;
  await store.pins.remove(ref.digest);
  throw new CemiflowError('SweptAway', `a gc has removed ${name} while it was pinned`, {
    remedy: 'run its experiment again, and pin it then',
    data: { digest: ref.digest },
  });
};

const remove = async (store: Store, name: string, session: Session): Promise<number> => {
  const named = (await store.pins.list()).filter((each) => each.name === name || each.ref.digest === name);
  if (named.length > 1)
    throw new CemiflowError('UnknownPin', `${name} names ${named.length} pins`, {
      remedy: `name one of ${named.map(({ ref }) => ref.digest).join(', ')}`,
      data: { name },
    });
  const digest = named[0]?.ref.digest ?? (await namedArtifact(store, name)).digest;
  const there = await store.pins.remove(digest);
  const how = there ? 'is pinned no more' : 'was not pinned';
  session.print(session.json ? JSON.stringify({ digest, unpinned: there }) : `${shortDigest(digest)} ${how}`);
  return exitCodes.ok;
};
