import { text } from 'node:stream/consumers';
import { machineKindOf } from '../../core/machine-kind.ts';
import { kindPlaces } from '../../schemas/kind-places.ts';
import { knownInputs } from '../../spec/estimate.ts';
import { loadEstimate, loadProbe } from '../estimates.ts';
import { recordedMachine, setUpTensorflow } from '../machine.ts';
import type { Probed, ProbeRequest } from './client.ts';
import { timePieces } from './pieces.ts';

/**
 * Measures how fast this machine does the work of one node: a `ProbeRequest` on standard input, a `Probed` on standard output.
 * "cemiflow plan --estimate --probe" starts it.
 */
const { device, seconds, node: id, nodes, expected, stored } = JSON.parse(await text(process.stdin)) as ProbeRequest;
const setup = setUpTensorflow(process.env, device);
const places = kindPlaces();
const kinds = await Promise.all(
  [...new Set(nodes.map(({ kind }) => kind))].map(async (kind) => [kind, await loadEstimate(kind, places)] as const),
);
const given = { kinds: new Map(kinds), expected: new Map(expected), stored: new Map(stored) };
const node = nodes.find((each) => each.id === id);
const known = knownInputs(nodes, given).get(id);
const probe = node && known && (await loadProbe(node.kind, places))?.(node.params, known);
if (probe) {
  const machine = machineKindOf(await recordedMachine(setup));
  const probed: Probed = { machine, ...timePieces(probe, seconds) };
  process.stdout.write(`${JSON.stringify(probed)}\n`);
}
// TensorFlow holds native threads.
process.stdout.write('', () => process.exit());
