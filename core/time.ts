/** ISO 8601 with +00:00, as records and exports hold times. @param time a Date, or ms since the epoch */
export const isoTime = (time: Date | number): string => new Date(time).toISOString().replace('Z', '+00:00');
