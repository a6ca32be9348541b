import { Double, encodeMessage, Float, type Message } from '../protobuf.ts';
import { encodeRecord } from './record.ts';

/** One point of a curve. */
export interface ScalarEvent {
  /** Name of the curve, such as `train/loss`: TensorBoard groups curves by what comes before the slash. */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** A picture at a step. */
export interface ImageEvent {
  readonly tag: string;
  readonly step: number;
  readonly height: number;
  readonly width: number;
  readonly png: Uint8Array;
}

export interface EventFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Numbers of the fields in TensorFlow's event.proto and summary.proto. */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const summary = { value: 1, tag: 1, simpleValue: 2, image: 4 } as const;
const image = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;

/** Three channels. */
const rgb = 3;

/** Most bytes of a file: of a blob of the store. */
const blobBytes = 2 ** 26;

/**
 * Files that TensorBoard reads, with events by step and tag. Equal events give equal bytes, in whatever order they come. So the wall
 * time of an event is its step, in seconds after 1970, which TensorBoard's relative axis then shows, and names of files hold a number
 * where TensorFlow's hold time and host.
 *
 * @param events values are stored as float32, as TensorFlow stores them
 * @param mostBytes of a file, unless one event needs more; TensorBoard reads the files of a folder in the order of their names
 */
export const encodeEvents = (events: readonly Event[], mostBytes = blobBytes): EventFile[] => {
  const files: Buffer[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of [...events].sort(inOrder)) {
    const record = recordOf(each.step, [event.summary, [[summary.value, summaryOf(each)]]]);
    if (bytes + record.length > mostBytes) {
      const first = recordOf(0, [event.fileVersion, 'brain.Event:2']);
      files.push([first]);
      bytes = first.length;
    }
    files.at(-1)?.push(record);
    bytes += record.length;
  }
  return files.map((records, i) => ({
    name: `events.out.tfevents.${String(i).padStart(10, '0')}.cemiflow`,
    bytes: Buffer.concat(records),
  }));
};

type Event = ScalarEvent | ImageEvent;

const inOrder = (a: Event, b: Event): number => a.step - b.step || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0);

const recordOf = (step: number, what: Message[number]): Buffer =>
  encodeRecord(Buffer.concat(encodeMessage([[event.wallTime, new Double(step)], [event.step, step], what])));

const summaryOf = (each: Event): Message => [
  [summary.tag, each.tag],
  'value' in each
    ? [summary.simpleValue, new Float(each.value)]
    : [
        summary.image,
        [
          [image.height, each.height],
          [image.width, each.width],
          [image.colorspace, rgb],
          [image.encoded, each.png],
        ],
      ],
];
