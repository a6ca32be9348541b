import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { FileEntry } from '../../core/artifact.ts';
import type { StageContext } from '../../core/stage.ts';
import type { BadEntry, ImageSetFormat, ListedImage } from '../../formats/image-set.ts';
import type { Source } from '../../formats/source.ts';
import type { Asked, Examined, Unusable } from './examine.ts';
import type { Examiner } from './examiner.ts';
import { IntakeState } from './state.ts';

export interface IntakeOptions {
  /** Of the images that go in, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Most images of an identity, in the order of the source; 0 takes all. */
  readonly maxImages: number;
  /** Most bytes of a shard; default 16 MiB. */
  readonly shardBytes?: number;
  /** Folder of the shards inside the artifact; default none. */
  readonly prefix?: string;
  /** How many entries the source has; default unknown. */
  readonly entries?: number;
}

/** What a source is read with: a format, or anything else that lists images. */
export type Listing = Pick<ImageSetFormat, 'list' | 'nameOf'>;

/** Shards that are stored at a time. With 16 MiB each, 256 MiB. */
const uploads = 16;
const defaultShardBytes = 16 * 2 ** 20;
/** Images that are examined by one question, at most. */
const batchImages = 64;
const batchBytes = 4 * 2 ** 20;
/** Questions under way. */
const window = 4;

/** Entries that were asked about together, in order. */
interface Batch {
  readonly entries: (ListedImage | BadEntry | 'passed')[];
  readonly answers: Promise<readonly (Examined | Unusable)[]>;
}

/**
 * Takes a set of images in: lists them, examines each in another process, and packs those that can be used, as files that came or that
 * the examiner made. One pass, in the order of the source, whose memory does not grow with images but for 20 bytes each. An attempt that
 * is interrupted goes on from the last shard that it noted. Closes the examiner.
 */
export const takeIn = async (
  source: Source,
  format: Listing,
  options: IntakeOptions,
  examiner: Examiner,
  context: StageContext,
): Promise<{ readonly state: IntakeState; readonly files: FileEntry[] }> => {
  try {
    const state = new IntakeState(await context.checkpoints.resume());
    const intake = new Intake(source, format, options, context, state, examiner);
    return { state, files: await intake.run() };
  } finally {
    examiner.close();
  }
};

const askedOf = ({ bytes, landmarks }: ListedImage): Asked => ({ bytes, ...(landmarks && { landmarks }) });

class Intake {
  readonly #source: Source;
  readonly #format: Listing;
  readonly #options: IntakeOptions;
  readonly #context: StageContext;
  readonly #state: IntakeState;
  readonly #examiner: Examiner;
  readonly #writer: DatasetWriter;
  readonly #underWay: Batch[] = [];
  /** Images of an identity that are asked about and not settled. */
  readonly #asked = new Map<number | string, number>();
  #entries: Batch['entries'] = [];
  #bytes = 0;
  #isDue = false;

  constructor(
    source: Source,
    format: Listing,
    options: IntakeOptions,
    context: StageContext,
    state: IntakeState,
    examiner: Examiner,
  ) {
    const { height, width, shardBytes = defaultShardBytes, prefix } = options;
    this.#source = source;
    this.#format = format;
    this.#options = options;
    this.#context = context;
    this.#state = state;
    this.#examiner = examiner;
    const done = { shards: state.shards, images: state.taken };
    this.#writer = new DatasetWriter(context.store, {
      ...{ height, width, shardBytes, uploads, done },
      ...(prefix !== undefined && { prefix }),
    });
  }

  async run(): Promise<FileEntry[]> {
    if (this.#state.entries === 0)
      for (const { path: name, fault } of this.#source.faults ?? []) this.#state.leaveOut({ name, fault });
    let listed = 0;
    for await (const entry of this.#format.list(this.#source))
      if (listed++ >= this.#state.entries) await this.#put(entry);
    await this.#settleAll();
    return this.#writer.files();
  }

  async #put(entry: ListedImage | BadEntry): Promise<void> {
    if ('fault' in entry || !(await this.#isEnough(entry.identity))) this.#entries.push(entry);
    else this.#entries.push('passed');
    if ('bytes' in entry && this.#entries.at(-1) === entry) {
      this.#bytes += entry.bytes.length;
      this.#asked.set(entry.identity, (this.#asked.get(entry.identity) ?? 0) + 1);
    }
    if (this.#entries.length >= batchImages || this.#bytes >= batchBytes) this.#ask();
    while (this.#underWay.length > window) await this.#settle();
  }

  /** Whether an identity has all images that are wanted. Those under way may turn out bad: their answers are awaited. */
  async #isEnough(identity: number | string): Promise<boolean> {
    const { maxImages } = this.#options;
    if (maxImages === 0) return false;
    const taken = (): number => this.#state.takenOf(identity);
    if (taken() + (this.#asked.get(identity) ?? 0) >= maxImages) await this.#settleAll();
    return taken() >= maxImages;
  }

  #ask(): void {
    const entries = this.#entries;
    if (entries.length === 0) return;
    const images = entries.flatMap((entry) => (entry !== 'passed' && 'bytes' in entry ? [askedOf(entry)] : []));
    const answers = images.length === 0 ? Promise.resolve([]) : this.#examiner.examine(images);
    answers.catch(() => {}); // Awaited in turn.
    this.#underWay.push({ entries, answers });
    this.#entries = [];
    this.#bytes = 0;
  }

  async #settleAll(): Promise<void> {
    this.#ask();
    while (this.#underWay.length > 0) await this.#settle();
  }

  /** Packs the oldest batch. */
  async #settle(): Promise<void> {
    const { entries, answers } = this.#underWay.shift() as Batch;
    const answered = (await answers)[Symbol.iterator]();
    for (const entry of entries) {
      if (entry !== 'passed') {
        if ('fault' in entry) this.#leaveOut(entry, entry.fault);
        else await this.#take(entry, answered.next().value as Examined | Unusable);
      }
      this.#state.entries++;
      this.#isDue ||= this.#context.checkpoints.due(this.#state.entries);
    }
    const step = this.#state.entries;
    await this.#context.progress({ phase: 'read images', step, steps: this.#options.entries ?? step });
  }

  async #take(entry: ListedImage, answer: Examined | Unusable): Promise<void> {
    this.#asked.set(entry.identity, (this.#asked.get(entry.identity) ?? 1) - 1);
    if ('fault' in answer) return this.#leaveOut(entry, answer.fault);
    const bytes = answer.made ?? entry.bytes;
    // Only now does every sample taken so far lie in a shard that is closed.
    const snapshot = this.#isDue && !this.#writer.fits(bytes.length) ? this.#state.snapshot() : undefined;
    const identity = this.#state.numberOf(entry.identity);
    await this.#writer.addEncoded({ identity, image: this.#state.take(identity, entry.place[0], answer), bytes });
    if (snapshot) this.#save(snapshot);
  }

  #leaveOut(entry: ListedImage | BadEntry, fault: string): void {
    if (entry.identity !== undefined) this.#state.numberOf(entry.identity);
    this.#state.leaveOut({ name: this.#format.nameOf(this.#source, entry.place), fault });
  }

  #save(snapshot: ReturnType<IntakeState['snapshot']>): void {
    this.#isDue = false;
    // A shard that cannot be stored ends the import where the next one is packed.
    this.#writer.packed().then(
      (shards) => this.#context.checkpoints.save(snapshot(shards)),
      () => {},
    );
  }
}
