import { type Mutant, mutantsOf } from '../mutant.ts';

const lookup = 'test/store/lookup.test.ts';
const bundle = 'test/cli/bundle.test.ts';

/** What counts as a hit, and when a command runs code that was bundled before. */
export const lookupMutants: readonly Mutant[] = [
  ...mutantsOf(
    'store/listing.ts',
    [lookup],
    [
      {
        name: 'listing/order',
        find: 'if (each.key <= this.#upTo) return false;',
        replace: '',
        breaks: 'a listing without order says of keys to come that they are absent',
      },
      {
        name: 'listing/broken-off-is-whole',
        find: '    } catch {\n',
        replace: '    } catch {\n      listing.#isWhole = true;\n',
        breaks: 'what a listing that broke off did not reach counts as absent',
      },
      {
        name: 'listing/never-stops',
        find: '* all) / keys.length < pageWorth) return listing;',
        replace: '* all) / keys.length < 0) return listing;',
        breaks: 'a look-up lists a whole store, however large',
      },
    ],
  ),
  ...mutantsOf(
    'store/lookup.ts',
    [lookup],
    [
      {
        name: 'lookup/blob-absent',
        find: "(seen !== undefined && seen !== 'absent') ||",
        replace: 'seen !== undefined ||',
        breaks: 'a blob that the listing lacks counts as there',
      },
      {
        name: 'lookup/some-output',
        find: 'standsOn(record).every(isWhole)',
        replace: 'standsOn(record).some(isWhole)',
        breaks: 'a hit may lack an output',
      },
    ],
  ),
  ...mutantsOf(
    'store/lookup-memo.ts',
    [lookup],
    [
      {
        name: 'lookup-memo/any-record',
        find: 'if (!known || known.md5 !== md5) return undefined;\n    this.#pointers',
        replace: 'if (!known) return undefined;\n    this.#pointers',
        breaks: 'a record that was replaced is still given',
      },
      {
        name: 'lookup-memo/any-type',
        find: ' || known.type !== type) return undefined;',
        replace: ') return undefined;',
        breaks: 'an artifact counts as one of any type',
      },
      {
        name: 'lookup-memo/damaged',
        find: "bytes.toString('latin1', 0, digestLength) === hash(text) ? parseJson<Content>(text) : undefined;",
        replace: 'parseJson<Content>(text);',
        breaks: 'a damaged memo is believed',
      },
    ],
  ),
  ...mutantsOf(
    'cli/bundle/sources.mjs',
    [bundle],
    [
      {
        name: 'bundle/by-size',
        find: '.update(bytes);',
        replace: ';',
        breaks: 'an edit that leaves the size as it was runs the old code',
      },
      {
        name: 'bundle/top-folders-alone',
        find: 'if (entry.isDirectory()) walk(path);',
        replace: 'if (entry.isDirectory()) continue;',
        breaks: 'an edit in a folder of a folder runs the old code',
      },
    ],
  ),
  ...mutantsOf(
    'cli/bundle/cache.mjs',
    [bundle],
    [
      {
        name: 'bundle/damaged',
        find: '=== digestOf(content) ? content : undefined;',
        replace: '=== digestOf(content) ? content : content;',
        breaks: 'a damaged bundle runs',
      },
      {
        name: 'bundle/never-removed',
        find: "if (!keep.has(file.split('.')[0])) rmSync",
        replace: 'if (file.length < 0) rmSync',
        breaks: 'bundles of all versions stay for ever',
      },
    ],
  ),
  ...mutantsOf(
    'store/artifacts.ts',
    ['test/store/left-out.test.ts'],
    [
      {
        name: 'left-out/never-stands',
        find: '(await this.hasBlob(digest)) || this.#leftOut.has(digest)',
        replace: 'this.hasBlob(digest)',
        breaks: 'what was left out of a bundle makes its whole run a miss',
      },
      {
        name: 'left-out/stays',
        find: 'if (!isSound) await this.#leftOut.remove(digest);',
        replace: '',
        breaks: 'a file that is needed stays a hit without bytes, so that nothing makes it again',
      },
    ],
  ),
  ...mutantsOf(
    'store/gc.ts',
    ['test/store/left-out.test.ts'],
    [
      {
        name: 'left-out/collected',
        find: 'return marks.has(blob) && !there.has(blob);',
        replace: 'return false;',
        breaks: 'a gc makes misses of what was imported without its bytes',
      },
    ],
  ),
  ...mutantsOf(
    'store/fsck.ts',
    ['test/store/left-out.test.ts'],
    [
      {
        name: 'left-out/missing',
        find: 'else if (neededBy && !isLeftOut(key))',
        replace: 'else if (neededBy)',
        breaks: 'what was left out on purpose is called lost',
      },
    ],
  ),
  ...mutantsOf(
    'engine/make-action.ts',
    ['test/workflows/damage.test.ts'],
    [
      {
        name: 'left-out/handed-on',
        find: 'for (const ref of Object.values(outputs)) await store.mustBeThere(ref);',
        replace: '',
        breaks: 'a choice hands on what is damaged, is made again three times, and the run is stuck',
      },
    ],
  ),
];
