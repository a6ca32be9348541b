import { type Mutant, mutantsOf } from '../mutant.ts';

const select = 'test/activities/inquiry-select.test.ts';
const subset = 'test/activities/data-subset.test.ts';
const vectors = 'test/activities/inquiry-vectors.test.ts';
const generated = 'test/methods/cemiface/vectors.test.ts';

/** Inquiries: how they are chosen, those without images, and parts of datasets. */
export const inquiryMutants: readonly Mutant[] = [
  ...mutantsOf(
    'metrics/apart.ts',
    ['test/metrics/apart.test.ts'],
    [
      {
        name: 'selection/limit-reached',
        find: 'rowCosine(embeddings, row, other, 0, size) < this.#maxSimilarity',
        replace: 'rowCosine(embeddings, row, other, 0, size) <= this.#maxSimilarity',
        breaks: 'a pair may reach the limit of similarity',
      },
      {
        name: 'selection/neighbours',
        find: 'this.#rows.every((other) =>',
        replace: 'this.#rows.slice(-1).every((other) =>',
        breaks: 'a candidate is compared with the last one alone',
      },
      {
        name: 'selection/never-enough',
        find: '&& !this.isEnough; row++',
        replace: '; row++',
        breaks: 'more candidates are taken than asked for',
      },
      {
        name: 'selection/place-in-block',
        find: 'this.taken.push(this.#seen);',
        replace: 'this.taken.push(row);',
        breaks: 'candidates of later blocks stand for those of the first',
      },
      {
        name: 'selection/seen',
        find: '      this.#seen++;\n',
        replace:
          '      if (this.taken.length > 0) this.#seen = (this.taken.at(-1) as number) + 1;\n      else this.#seen++;\n',
        breaks: 'candidates that were refused are not counted as looked at',
      },
      {
        name: 'selection/embeddings',
        find: 'embeddings.slice(row * size, (row + 1) * size)',
        replace: 'embeddings.slice(0, size)',
        breaks: 'every inquiry has the embedding of the first candidate',
      },
    ],
  ),
  ...mutantsOf(
    'activities/inquiry-select/stage.ts',
    [select],
    [
      {
        name: 'inquiry-select/images-per-identity',
        find: 'before < perIdentity',
        replace: 'before <= perIdentity',
        breaks: 'one image more of each identity is a candidate',
      },
      {
        name: 'inquiry-select/limit',
        find: 'new ApartSelection(embedder.size, { count, maxSimilarity })',
        replace: 'new ApartSelection(embedder.size, { count, maxSimilarity: 1.1 })',
        breaks: 'the limit of similarity is ignored',
      },
      {
        name: 'inquiry-select/threshold-ignored',
        find: 'return { maxSimilarity: cosine,',
        replace: 'return { maxSimilarity,',
        breaks: 'the measured threshold is ignored',
      },
      {
        name: 'inquiry-select/threshold-view',
        find: "view: 'both' };",
        replace: "view: 'plain' };",
        breaks: 'cosines are compared in another view than the one that the threshold was measured in',
      },
      {
        name: 'inquiry-select/view',
        find: "return { maxSimilarity, view: 'plain' };",
        replace: "return { maxSimilarity, view: 'both' };",
        breaks: 'a stated limit is compared with cosines of image and mirror image',
      },
      {
        name: 'inquiry-select/blocks',
        find: 'candidates.slice(from, from + block)',
        replace: 'candidates.slice(0, block)',
        breaks: 'every block of candidates is the first one',
      },
      {
        name: 'inquiry-select/candidates-given',
        find: 'candidates: chosen.seen',
        replace: 'candidates: candidates.length',
        breaks: 'candidates count as looked at that were not',
      },
    ],
  ),
  ...mutantsOf(
    'activities/inquiry-select/resembling.ts',
    [select],
    [
      {
        name: 'inquiry-select/resembling',
        find: 'value > maxSimilarity && found[i] === -1',
        replace: 'value > 2 && found[i] === -1',
        breaks: 'candidates that resemble people of other sets are kept',
      },
      {
        name: 'inquiry-select/first-set',
        find: 'value > maxSimilarity && found[i] === -1',
        replace: 'value > maxSimilarity',
        breaks: 'a candidate counts for the last set that it resembles somebody of',
      },
      {
        name: 'inquiry-select/by-images',
        find: "if (by === 'identities') {",
        replace: "if (by !== 'images' || set.count > 0) {",
        breaks: 'candidates are compared with means where every image was asked for',
      },
    ],
  ),
  ...mutantsOf(
    'artifacts/threshold.ts',
    ['test/artifacts/threshold.test.ts'],
    [
      {
        name: 'threshold/cosine',
        find: 'cosine: 1 - found.threshold / 2',
        replace: 'cosine: 1 - found.threshold',
        breaks: 'a squared distance is taken for twice what it is',
      },
      {
        name: 'threshold/any-recognizer',
        find: 'if (measured !== recognizer)',
        replace: 'if (measured === undefined)',
        breaks: 'the threshold of another recognizer is taken',
      },
      {
        name: 'threshold/not-stated',
        find: 'if (measured !== recognizer)',
        replace: 'if (measured !== undefined && measured !== recognizer)',
        breaks: 'metrics that do not say what they measured are trusted',
      },
      {
        name: 'threshold/first-set',
        find: 'Object.hasOwn(sets, set) ? sets[set] : undefined',
        replace: 'Object.hasOwn(sets, set) ? Object.values(sets)[0] : undefined',
        breaks: 'the threshold is that of the first set',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-verification/stage.ts',
    [select],
    [
      {
        name: 'verification-stage/recognizer',
        find: 'recognizer: ref.digest,',
        replace: 'recognizer: benchmarks.digest,',
        breaks: 'metrics do not name the recognizer that they measured',
      },
    ],
  ),
  ...mutantsOf(
    'activities/inquiry-centers/stage.ts',
    [vectors],
    [
      {
        name: 'inquiry-centers/all',
        find: 'const count = asked || found;',
        replace: 'const count = found;',
        breaks: 'count is ignored',
      },
      {
        name: 'inquiry-centers/more',
        find: 'if (count > found) throw',
        replace: 'if (count > found + 1) throw',
        breaks: 'one center more than there are is made up',
      },
      {
        name: 'inquiry-centers/origin',
        find: "origin: 'centers' as const",
        replace: "origin: 'random' as const",
        breaks: 'centers are said to be random vectors',
      },
    ],
  ),
  ...mutantsOf(
    'activities/inquiry-random/stage.ts',
    [vectors],
    [
      {
        name: 'inquiry-random/same',
        find: "randomStream(seed, 'random inquiry', i)",
        replace: "randomStream(seed, 'random inquiry')",
        breaks: 'all vectors are the same',
      },
      {
        name: 'inquiry-random/seed',
        find: "randomStream(seed, 'random inquiry', i)",
        replace: "randomStream(0, 'random inquiry', i)",
        breaks: 'the seed is ignored',
      },
      {
        name: 'inquiry-random/count',
        find: "randomStream(seed, 'random inquiry', i)",
        replace: "randomStream(seed, 'random inquiry', i, count)",
        breaks: 'a set that grows has other vectors',
      },
      {
        name: 'inquiry-random/cube',
        find: "normalStream(randomStream(seed, 'random inquiry', i));",
        replace: "randomStream(seed, 'random inquiry', i);",
        breaks: 'all vectors point into one corner',
      },
      {
        name: 'inquiry-random/centred-cube',
        find: 'rows[i * size + k] = normal();',
        replace: 'rows[i * size + k] = Math.sign(normal()) * Math.abs(normal()) ** 3;',
        breaks: 'vectors lie near the axes',
      },
      {
        name: 'inquiry-random/length',
        find: 'return unitRows(rows, size);',
        replace: 'return rows;',
        breaks: 'vectors are not of length one',
      },
    ],
  ),
  ...mutantsOf(
    'data/inquiries.ts',
    [generated, vectors],
    [
      {
        name: 'inquiries/any-space',
        find: 'if (found === wanted) return;',
        replace: 'if (found !== undefined) return;',
        breaks: 'vectors of one recognizer are used as those of another',
      },
      {
        name: 'inquiries/images-not-needed',
        find: 'if (pictures === undefined) throw',
        replace: 'if (pictures === undefined && count === 0) throw',
        breaks: 'copies of images that there are not are silently left out',
      },
      {
        name: 'inquiries/vectors-with-images',
        find: '{ ...meta, images: 0 }',
        replace: '{ ...meta, images: count }',
        breaks: 'vectors are said to have images',
      },
    ],
  ),
  ...mutantsOf(
    'artifacts/codecs/inquiries.ts',
    [vectors],
    [
      {
        name: 'inquiries-codec/images-of-vectors',
        find: "if (fields.integer('images') !== 0) throw",
        replace: "if (fields.integer('images') < 0) throw",
        breaks: 'a manifest may state images of vectors',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-similarity/stage.ts',
    [vectors],
    [
      {
        name: 'similarity-stage/space',
        find: '  if (inquiries.pictures === undefined)\n',
        replace: '  if (inquiries.count === 0)\n',
        breaks: 'vectors are compared with embeddings of another recognizer',
      },
      {
        name: 'similarity-stage/no-inquiry',
        find: '    requireInquiry(inquiries, identity);\n    return identity;',
        replace: '    return identity % inquiries.count;',
        breaks: 'an identity without an inquiry is compared with that of another',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/subjects.ts',
    [generated],
    [
      {
        name: 'cemiface-generate/space',
        find: '    requireSpace(',
        replace: '    if (inquiries.count === 0) requireSpace(',
        breaks: 'vectors of another recognizer condition the generator',
      },
      {
        name: 'cemiface-generate/no-copies',
        find: 'if (copies) requireImages',
        replace: 'if (copies && inquiries.count === 0) requireImages',
        breaks: 'copies that there are not are silently left out',
      },
      {
        name: 'cemiface-generate/shard-facts',
        find: 'const facts = { recognizer, ...(maxSimilarity === undefined ? {} : { maxSimilarity }) };',
        replace: 'const facts = { ...(await inquiriesCodec.read(store, inquiries)).meta, maxSimilarity, recognizer };',
        breaks: 'shards state what changes when the set of inquiries grows, and are made again',
      },
    ],
  ),
  ...mutantsOf(
    'methods/cemiface/generate/stage.ts',
    [generated],
    [
      {
        name: 'cemiface-generate/grid-copies',
        find: 'copies: oversample > 0',
        replace: 'copies: params.oversample > 0',
        breaks: 'a grid of vectors is refused for copies that it does not have',
      },
    ],
  ),
  ...mutantsOf(
    'activities/data-subset/choose.ts',
    [subset],
    [
      {
        name: 'subset/first-always',
        find: "if (draw === 'first') return",
        replace: "if (draw !== 'first' || seed >= 0) return",
        breaks: 'nothing is drawn at random',
      },
      {
        name: 'subset/one-draw',
        find: "permutation(rows.length, seed, 'subset', identity)",
        replace: "permutation(rows.length, seed, 'subset')",
        breaks: 'the same places are drawn in every identity',
      },
      {
        name: 'subset/seed',
        find: "permutation(rows.length, seed, 'subset', identity)",
        replace: "permutation(rows.length, 0, 'subset', identity)",
        breaks: 'the seed is ignored',
      },
      {
        name: 'subset/other-draw-for-more',
        find: "permutation(rows.length, seed, 'subset', identity)",
        replace: "permutation(rows.length, seed, 'subset', identity, images)",
        breaks: 'more images do not include those of fewer',
      },
      {
        name: 'subset/identities',
        find: 'members.size < count',
        replace: 'members.size <= count',
        breaks: 'one identity more is taken',
      },
      {
        name: 'subset/allowed',
        find: 'if (!allowed(row)) continue;',
        replace: 'if (!allowed(row) && members.size < 0) continue;',
        breaks: 'the similarity group is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'activities/data-subset/stage.ts',
    [subset],
    [
      {
        name: 'subset-stage/centers-of-others',
        find: 'if (found !== data.digest) throw',
        replace: 'if (found === undefined) throw',
        breaks: 'groups of another dataset are taken',
      },
      {
        name: 'subset-stage/centers-not-stated',
        find: 'if (found !== data.digest) throw',
        replace: 'if (found !== undefined && found !== data.digest) throw',
        breaks: 'centers that do not say whose they are are trusted',
      },
      {
        name: 'subset-stage/group',
        find: 'group[row] === index;',
        replace: 'group[row] !== index;',
        breaks: 'every other group is taken',
      },
      {
        name: 'subset-stage/group-missing',
        find: 'if (index >= groups.length)',
        replace: 'if (index > groups.length)',
        breaks: 'a group that there is not is empty, and not named as missing',
      },
      {
        name: 'subset-stage/empty',
        find: 'if (kept.size === 0)',
        replace: 'if (kept.size < 0)',
        breaks: 'an empty set is made',
      },
      {
        name: 'subset-stage/names',
        find: "(kept.has(identity) ? name : '')",
        replace: '(kept.has(identity) ? name : name)',
        breaks: 'the set names people whom it does not show',
      },
      {
        name: 'subset-stage/people',
        find: '[...keptPeople(people, kept, all)]',
        replace: '[...people]',
        breaks: 'the set states people whom it does not show',
      },
    ],
  ),
  ...mutantsOf(
    'artifacts/people.ts',
    [subset],
    [
      {
        name: 'people/not-numbered',
        find: 'all?.count === identities &&',
        replace: 'all !== undefined &&',
        breaks: 'numbers of identities are taken for those of people',
      },
      {
        name: 'people/outside',
        find: 'sorted.every((number) => isIn(all, number))',
        replace: 'sorted.length > 0',
        breaks: 'identities outside of the range are taken for people of it',
      },
      {
        name: 'people/runs',
        find: 'last.first + last.count === number',
        replace: 'last.first + last.count >= 0',
        breaks: 'people between two who were kept count as kept',
      },
      {
        name: 'people/several',
        find: '!all || others.length > 0 ||',
        replace: '!all ||',
        breaks: 'people of another namespace are lost',
      },
    ],
  ),
  ...mutantsOf(
    'activities/centers-compute/stage.ts',
    [subset, vectors],
    [
      {
        name: 'centers-stage/groups',
        find: 'factsOf(rows, size, groups, made)',
        replace: 'factsOf(rows, size, 5, made)',
        breaks: 'groups is ignored',
      },
      {
        name: 'centers-stage/data',
        find: '{ source, data: dataRef.digest, recognizer: ref.digest }',
        replace: '{ source, data: ref.digest, recognizer: ref.digest }',
        breaks: 'centers do not name the set that they are of',
      },
      {
        name: 'centers-stage/recognizer',
        find: '{ source, data: dataRef.digest, recognizer: ref.digest }',
        replace: '{ source, data: dataRef.digest, recognizer: dataRef.digest }',
        breaks: 'centers do not name the recognizer in whose space they lie',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/upstream.ts',
    ['test/provenance/findings.test.ts'],
    [
      {
        name: 'upstream/parts',
        find: "['generated-data', 'selection'].includes(roleOf(made))",
        replace: "['generated-data'].includes(roleOf(made))",
        breaks: 'part of a generated set counts as a set of unknown origin',
      },
    ],
  ),
];
