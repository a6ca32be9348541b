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
        'Whether generated identities are nearer to people whom they may show than strangers are. A recognizer searches both in a gallery: of the people that the set was made from, or that the generator was trained on. Strangers are people who are in no set.',
    },
    parts: [{ table: identityTable(rows) }, { table: imageTable(rows) }],
  }),
  numbers: (rows) => rows.flatMap(({ label, runs }) => runs.map((run) => ({ ...run, label }))),
};
