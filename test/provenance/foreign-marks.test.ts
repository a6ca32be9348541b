import { expect, it } from 'vitest';
import { foreignNumbers, withForeignMarks } from '../../provenance/publish/foreign.ts';
import { shownIn } from '../../provenance/publish/page.ts';
import type { NumberChain } from '../../provenance/trace/numbers.ts';

/** A number that depends on actions of these kinds. */
const chain = (id: string, ...kinds: string[]): NumberChain =>
  ({ printed: { id }, chain: { steps: kinds.map((kind) => ({ record: { action: { kind } } })) } }) as never;

it('marks the numbers that anything of a user’s own stands behind, and leaves their texts', () => {
  const ids = foreignNumbers([
    chain('accuracy.a&b.lfw', 'evaluate/verification', 'recognizer/train', 'own/dim'),
    chain('accuracy.c.lfw', 'evaluate/verification', 'recognizer/train', 'data/procedural'),
    chain('key.x', 'command/run'),
    chain('quoted'),
  ]);
  expect([...ids]).toEqual(['accuracy.a&b.lfw', 'key.x']);
  const cells = [
    '<td id="accuracy.a&amp;b.lfw" class="n" data-artifact="sha256:1"><a class="num" href="#why">71.5</a></td>',
    '<td id="accuracy.c.lfw" class="n" data-artifact="sha256:1"><a class="num" href="#why">72.5</a></td>',
    '<dd id="key.x" data-artifact="sha256:1"><a class="num" href="#why">3</a></dd>',
  ];
  const page = withForeignMarks(cells.join('\n'), ids);
  expect(page.split('\n').map((cell) => cell.includes(' data-foreign '))).toEqual([true, false, true]);
  expect(shownIn(page)).toEqual(shownIn(cells.join('\n')));
});
