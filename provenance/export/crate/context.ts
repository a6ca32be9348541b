import type { Json } from '../../../core/errors.ts';
import { type Entity, to } from '../entity.ts';

/** The RO-Crate context by reference, and of the workflow-run terms those that are used here, so that there is one to resolve. */
export const crateContext: Json = [
  'https://w3id.org/ro/crate/1.1/context',
  {
    resourceUsage: 'https://w3id.org/ro/terms/workflow-run#resourceUsage',
    sha256: 'https://w3id.org/ro/terms/workflow-run#sha256',
  },
];

const profile = (id: string, name: string, version: string): Entity => ({
  '@id': `${id}/${version}`,
  '@type': 'CreativeWork',
  name,
  version,
});

/** Provenance Run Crate 0.5 and what it includes. */
export const profiles: readonly Entity[] = [
  profile('https://w3id.org/ro/wfrun/process', 'Process Run Crate', '0.5'),
  profile('https://w3id.org/ro/wfrun/workflow', 'Workflow Run Crate', '0.5'),
  profile('https://w3id.org/ro/wfrun/provenance', 'Provenance Run Crate', '0.5'),
  profile('https://w3id.org/workflowhub/workflow-ro-crate', 'Workflow RO-Crate', '1.0'),
];

/** The metadata file about itself. */
export const descriptor: Entity = {
  '@id': 'ro-crate-metadata.json',
  '@type': 'CreativeWork',
  about: to('./'),
  conformsTo: [to('https://w3id.org/ro/crate/1.1'), to('https://w3id.org/workflowhub/workflow-ro-crate/1.0')],
};
