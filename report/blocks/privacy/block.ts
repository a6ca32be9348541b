import type { Block } from '../../block.ts';
import { type PrivacyParams, type PrivacyRow, readPrivacy } from './read.ts';
import { privacyTable } from './table.ts';

/** How near generated identities come to people who exist. */
export const block: Block<PrivacyParams, PrivacyRow[]> = {
  order: 50,
  read: readPrivacy,
  draw: (rows) => ({
    section: {
      id: 'privacy-section',
      title: 'Privacy',
      intro:
        'How near the generated identities come to real ones: an identity above the threshold is one that the recognizer would take for a person who exists.',
    },
    parts: [{ table: privacyTable(rows) }],
  }),
  numbers: (rows) => rows.flatMap(({ label, runs }) => runs.map((run) => ({ ...run, label }))),
};
