export { type EventFile, encodeEvents, type ImageEvent, type ScalarEvent } from './events.ts';
