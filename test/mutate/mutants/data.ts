import { type Mutant, mutantsOf } from '../mutant.ts';

const generate = 'test/methods/cemiface/generate.test.ts';
const shards = 'test/methods/cemiface/shards.test.ts';

/** Random numbers, drawn people, images and how they are kept and loaded. */
export const dataMutants: readonly Mutant[] = [
  ...mutantsOf(
    'core/random.ts',
    ['test/training/planner.test.ts'],
    [
      {
        name: 'random/no-fixed-point',
        find: 'Math.floor(uniform() * (i + 1))',
        replace: 'Math.floor(uniform() * i)',
        breaks: 'no image stays at its place (Sattolo, not Fisher and Yates)',
      },
      {
        name: 'random/no-tags',
        find: 'JSON.stringify([seed, ...tags])',
        replace: 'JSON.stringify([seed])',
        breaks: 'all draws of a seed are the same',
      },
    ],
  ),
  ...mutantsOf(
    'core/random.ts',
    ['test/nn/golden-initialisation.test.ts'],
    [
      {
        name: 'random/narrow-normal',
        find: 'Math.sqrt(-2 * Math.log(1 - uniform()))',
        replace: 'Math.sqrt(-Math.log(1 - uniform()))',
        breaks: 'normal numbers have a variance of one half',
      },
    ],
  ),
  ...mutantsOf(
    'activities/data-join/stage.ts',
    ['test/activities/data-join.test.ts'],
    [
      {
        name: 'join/people-shared',
        find: "this.#numbers === 'own' ? this.#end : 0",
        replace: 'this.offsets.length === 0 ? 0 : this.#end - 1',
        breaks: 'the first person of a set is the last of the one before',
      },
      {
        name: 'join/always-kept',
        find: 'kept &&= place.identity === sample.identity && place.image === sample.image;',
        replace: 'kept &&= place.identity === sample.identity;',
        breaks: 'images of one person from two sets have the same numbers',
      },
      {
        name: 'join/harmless',
        find: "['real', 'generated', 'drawn'] as const",
        replace: "['drawn', 'generated', 'real'] as const",
        breaks: 'a set with photos of real people counts as drawn',
      },
    ],
  ),
  ...mutantsOf(
    'faces/protocol.ts',
    ['test/faces/protocol.test.ts', 'test/parameters/data.test.ts'],
    [
      {
        name: 'protocol/farthest',
        find: 'if (distance < nearest) {',
        replace: 'if (distance > nearest || best < 0) {',
        breaks: 'different pairs are not of people who look alike',
      },
      {
        name: 'protocol/kinship',
        find: 'resemble(person, sibling, request.kinship)',
        replace: 'person',
        breaks: 'members of a family have nothing in common',
      },
      {
        name: 'protocol/no-swap',
        find: 'conditionsOf(knobs, request, identity, side ^ swap)',
        replace: 'conditionsOf(knobs, request, identity, side)',
        breaks: 'the first photo of a pair is always the younger, or the frontal one',
      },
      {
        name: 'protocol/wear',
        find: 'wear: knobs.wear * request.wear,',
        replace: 'wear: knobs.wear,',
        breaks: 'wear is ignored',
      },
      {
        name: 'protocol/age-gap',
        find: 'youngest + side * knobs.ageGap',
        replace: 'youngest',
        breaks: 'both photos of a pair are of one age',
      },
    ],
  ),
  ...mutantsOf(
    'faces/drawn-set.ts',
    ['test/parameters/data.test.ts'],
    [
      {
        name: 'data-procedural/population',
        find: 'identityVector(seed, first + i, population)',
        replace: "identityVector(seed, first + i, 'train')",
        breaks: 'every population has the same people',
      },
    ],
  ),
  ...mutantsOf(
    'activities/data-procedural/stage.ts',
    ['test/parameters/data.test.ts'],
    [
      {
        name: 'data-procedural/wear',
        find: '{ ...everyday, variation, wear }',
        replace: '{ ...everyday, variation }',
        breaks: 'wear is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'activities/data-folder/stage.ts',
    ['test/parameters/data.test.ts', 'test/activities/data-folder.test.ts'],
    [
      {
        name: 'data-folder/people-shown',
        find: "peopleShown: faces === 'real' ? 'real' : 'generated'",
        replace: "peopleShown: faces === 'real' ? 'generated' : 'generated'",
        breaks: 'real people count as generated ones',
      },
    ],
  ),
  ...mutantsOf(
    'data/images.ts',
    ['test/activities/evaluate-privacy.test.ts'],
    [
      {
        name: 'images/copies-count',
        find: '(images[row] as number) < limit',
        replace: '(images[row] as number) <= limit',
        breaks: 'a copy of the inquiry image counts as a generated image',
      },
    ],
  ),
  ...mutantsOf(
    'data/inquiries.ts',
    [shards],
    [
      {
        name: 'inquiries/slice-of-embeddings',
        find: 'set.embeddings.slice(from * set.embeddingSize, to * set.embeddingSize)',
        replace: 'set.embeddings.slice(0, (to - from) * set.embeddingSize)',
        breaks: 'every shard has the identities of the first',
      },
      {
        name: 'inquiries/slice-of-images',
        find: 'rows: set.rows.slice(from, to)',
        replace: 'rows: set.rows.slice(0, to - from)',
        breaks: 'every shard has the images of the first',
      },
    ],
  ),
  ...mutantsOf(
    'data/loader/maker.ts',
    [generate],
    [
      {
        name: 'maker/first-image',
        find: 'Array.from(rows, (row) => pixelsOf(images, row))',
        replace: 'Array.from(rows, () => pixelsOf(images, rows[0] as number))',
        breaks: 'every image of a batch is its first one',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/subjects.ts',
    [shards],
    [
      {
        name: 'generate/shards-across-batches',
        find: 'wholeBatches(shardIdentities, { images, batch })',
        replace: 'shardIdentities',
        breaks: 'a batch across the boundary of two shards is computed twice',
      },
    ],
  ),
  ...mutantsOf(
    'core/shards.ts',
    ['test/core/plan.test.ts'],
    [
      {
        name: 'shards/whole-batches-unit',
        find: 'batch / greatestDivisor(batch, images)',
        replace: 'batch',
        breaks: 'shards are cut at fewer identities than whole batches need',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/join.ts',
    ['test/methods/cemiface/shards.test.ts'],
    [
      {
        name: 'join/images',
        find: "images: sum('images')",
        replace: "images: sum('identities')",
        breaks: 'the manifest of a set states another number of images',
      },
    ],
  ),
];
