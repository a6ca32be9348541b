import { type Mutant, mutantsOf } from '../mutant.ts';

const privacy = 'test/activities/evaluate-privacy.test.ts';

/** The stage that searches generated identities and strangers among real people. */
export const privacyMutants: readonly Mutant[] = [
  ...mutantsOf(
    'data/images.ts',
    [privacy],
    [
      {
        name: 'privacy-stage/one-image-more',
        find: '(taken[label] as number) <= count',
        replace: '(taken[label] as number) <= count + 1',
        breaks: 'one image more of each is used than is stated',
      },
      {
        name: 'privacy-stage/later-images',
        find: '(taken[label] as number) <= count',
        replace: '(taken[label] as number) > 1 || count === 1',
        breaks: 'the first image is left out',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-privacy/stage.ts',
    [privacy],
    [
      {
        name: 'privacy-stage/view',
        find: "const view = 'both';",
        replace: "const view = 'plain';",
        breaks: 'the mirror image is left out',
      },
      {
        name: 'privacy-stage/copies',
        find: 'generatedRows(data, meta.generatedImages)',
        replace: 'generatedRows(data, undefined)',
        breaks: 'copies of inquiry images count as generated',
      },
      {
        name: 'privacy-stage/unequal-images',
        find: 'Math.min(fewestImages(generated), fewestImages(strangers))',
        replace: 'fewestImages(generated)',
        breaks: 'subjects have more images than strangers',
      },
      {
        name: 'privacy-stage/unequal-strangers',
        find: 'Math.min(fewestImages(generated), fewestImages(strangers))',
        replace: 'fewestImages(strangers)',
        breaks: 'strangers have more images than subjects',
      },
      {
        name: 'privacy-stage/most-images',
        find: 'Math.min(low, count)',
        replace: 'Math.max(low === Number.POSITIVE_INFINITY ? 0 : low, count)',
        breaks: 'an identity with few images is compared by fewer than the others',
      },
      {
        name: 'privacy-stage/strangers-known',
        find: '  await refuseKnownStrangers(store, params);\n',
        replace: '',
        breaks: 'strangers may be in other sets',
      },
      {
        name: 'privacy-stage/too-late',
        find: '  requireStrangers(people.classes, params.fpir);\n',
        replace: '',
        breaks: 'too few strangers are noticed after everything was embedded',
      },
      {
        name: 'privacy-stage/fpir',
        find: 'const options = { fpir: params.fpir,',
        replace: 'const options = { fpir: 0.01,',
        breaks: 'the rate asked for is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-privacy/search.ts',
    [privacy],
    [
      {
        name: 'privacy-search/identity',
        find: 'nearest: row.map((at) => gallery.identities[at] as number),',
        replace: 'nearest: row,',
        breaks: 'the nearest person is named by their row',
      },
      {
        name: 'privacy-search/gallery-not-unit',
        find: 'centers: centers.unit()',
        replace: 'centers: centers.unit().map((value) => value / 2)',
        breaks: 'centers of the gallery are not of length one',
      },
      {
        name: 'privacy-search/gallery-first-image',
        find: 'centers.add(set.labels, rows, embeddings),',
        replace: 'set.images[rows[0] as number] === 0 && centers.add(set.labels, rows, embeddings),',
        breaks: 'people of the gallery are enrolled with one image',
      },
      {
        name: 'privacy-search/blocks',
        find: '    done += block.length;\n',
        replace: '',
        breaks: 'every block of images overwrites the first',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-privacy/remembered.ts',
    ['test/activities/remembered.test.ts', privacy],
    [
      {
        name: 'privacy-remembered/any-rows',
        find: '`${names.space} ${digest} ${rows}`',
        replace: '`${names.space} ${digest}`',
        breaks: 'other rows of a set get the embeddings of the first ones',
      },
      {
        name: 'privacy-remembered/any-recognizer',
        find: '`${names.space} ${digest} ${rows}`',
        replace: '`${digest} ${rows}`',
        breaks: 'one recognizer measures with the embeddings of another',
      },
      {
        name: 'privacy-remembered/never-dropped',
        find: 'if (this.#bytes <= this.#limitBytes) break;',
        replace: 'break;',
        breaks: 'embeddings fill the memory of a worker',
      },
      {
        name: 'privacy-remembered/oldest-made',
        find: 'if (this.#kept.delete(name)) this.#bytes -= found.byteLength;',
        replace: 'if (this.#kept.has(name)) return found;',
        breaks: 'what was used last is dropped first',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-privacy/facts.ts',
    [privacy],
    [
      {
        name: 'privacy-facts/from-inquiries',
        find: "fromInquiries: real.type === 'inquiries'",
        replace: 'fromInquiries: true',
        breaks: 'any person may count as the own inquiry',
      },
      {
        name: 'privacy-facts/trained-on-gallery',
        find: 'trainingSet === real.digest',
        replace: 'false',
        breaks: 'it is not said that the recognizer knows the gallery',
      },
    ],
  ),
  ...mutantsOf(
    'activities/evaluate-privacy/strangers.ts',
    [privacy],
    [
      {
        name: 'privacy-strangers/gallery',
        find: "    ['in the gallery (real)', real],\n",
        replace: '',
        breaks: 'strangers may be in the gallery',
      },
      {
        name: 'privacy-strangers/generated',
        find: "    ['in the generated set (data)', data],\n",
        replace: '',
        breaks: 'strangers may be in the judged set',
      },
      {
        name: 'privacy-strangers/training',
        find: '...(training ? [',
        replace: '...(training && !store ? [',
        breaks: 'the recognizer may know the strangers',
      },
      {
        name: 'privacy-strangers/same-set',
        find: 'same || shared > 0',
        replace: 'shared > 0',
        breaks: 'a set that does not say whom it shows may be its own strangers',
      },
      {
        name: 'privacy-strangers/one-shared',
        find: 'same || shared > 0',
        replace: 'same || shared > 1',
        breaks: 'one shared person is let pass',
      },
      {
        name: 'privacy-strangers/away',
        find: "error.code === 'ArtifactMissing'",
        replace: "error.code === 'ArtifactGone'",
        breaks: 'a training set from elsewhere makes the evaluation fail',
      },
    ],
  ),
];
