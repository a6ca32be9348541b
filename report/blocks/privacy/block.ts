import type { Block } from '../../block.ts';
import { type PrivacyParams, type PrivacyRow, readPrivacy } from './read.ts';
import { identityTable, imageTable } from './table.ts';

/** How near generated identities come to people who exist. */
export const block: Block<PrivacyParams, PrivacyRow[]> = {
  order: 50,
  read: readPrivacy,
  draw: (rows) => ({
    section: {
      id: 'privacy-section',
      title: 'Privacy',
      intro:
        'Whether generated identities are nearer to real people than strangers are. Each is searched in a gallery of real people by one recognizer; strangers are people who are in no set.',
    },
    parts: [{ table: identityTable(rows) }, { table: imageTable(rows) }],
  }),
  numbers: (rows) => rows.flatMap(({ label, runs }) => runs.map((run) => ({ ...run, label }))),
};
