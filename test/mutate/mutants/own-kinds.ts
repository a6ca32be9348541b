import { type Mutant, mutantsOf } from '../mutant.ts';

const code = 'test/engine/own-kinds.test.ts';
const specs = 'test/spec/own-kinds.test.ts';

/** Stage kinds of users: whose code runs, under which digest. */
export const ownKindMutants: readonly Mutant[] = [
  ...mutantsOf(
    'engine/own-kinds/read.ts',
    [code],
    [
      {
        name: 'own-kinds/any-code',
        find: 'if (found === wanted) return;',
        replace: 'if (found.length === wanted.length) return;',
        breaks: 'a worker runs code that is not what was planned',
      },
      {
        name: 'own-kinds/no-schema-kept',
        find: '`${placeOfOwn(kind)}/schema.json`',
        replace: '`${placeOfOwn(kind)}/stage.ts`',
        breaks: 'another machine does not know the parameters',
      },
    ],
  ),
  ...mutantsOf(
    'engine/own-kinds/load.ts',
    [code],
    [
      {
        name: 'own-kinds/one-version',
        find: 'const pending = loaded.get(source) ?? load(kind, code, source, store);\n    loaded.set(source, pending);',
        replace:
          'const pending = loaded.get(hexOf(source).slice(0, 0) as Digest) ?? load(kind, code, source, store);\n    loaded.set(hexOf(source).slice(0, 0) as Digest, pending);',
        breaks: 'a worker runs the first version of a kind for ever',
      },
      {
        name: 'own-kinds/anything-is-a-stage',
        find: 'if (missing.length === 0 && isSharded',
        replace: 'if (missing.length >= 0 || isSharded',
        breaks: 'a module without a stage fails where it is called',
      },
    ],
  ),
  ...mutantsOf(
    'spec/own-kinds.ts',
    [specs],
    [
      {
        name: 'own-kinds/same-name',
        find: 'if (other !== undefined && other !== folder) {',
        replace: 'if (other !== undefined && other === folder && other !== folder) {',
        breaks: 'of two folders of one name the first runs for both',
      },
    ],
  ),
  ...mutantsOf(
    'spec/structure.ts',
    [specs],
    [
      {
        name: 'own-kinds/from-anywhere',
        find: 'resolve(uses.value.source.folder, kind)',
        replace: 'resolve(kind)',
        breaks: 'a kind is looked for where the command was called',
      },
    ],
  ),
  ...mutantsOf(
    'schemas/stage-schemas.ts',
    ['test/schemas/own-schema.test.ts'],
    [
      {
        name: 'own-kinds/claims-a-role',
        find: "role: 'foreign', inputs }",
        replace: "role: stage.role ?? 'foreign', inputs }",
        breaks: 'a kind of a user says that it draws faces, and no audit doubts it',
      },
    ],
  ),
];
