import { suggest } from '../core/nearest.ts';
import { type Expanding, scopeOf } from './expanding.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate } from './values.ts';
import { describe } from './yaml.ts';

/** What a stage may be expected to make: how many images, people and bytes its first output holds. */
export const expectedFacts = ['images', 'identities', 'bytes'] as const;

export type Expected = { readonly [fact in (typeof expectedFacts)[number]]?: number };

/** What the spec expects of a stage. It is in no key: a wrong expectation changes an estimate, and no result. */
export const expectedOf = (expanding: Expanding, { name, expects }: StageDeclaration): Expected | undefined => {
  if (expects === undefined) return undefined;
  const { problems } = expanding.spec;
  const owner = `stages.${name}.expects`;
  const found: { [fact: string]: number } = {};
  for (const [fact, { key, value }] of expects.entries) {
    if (!expectedFacts.some((each) => each === fact)) {
      problems.add(key, `a stage cannot expect "${fact}"`, suggest(fact, expectedFacts, 'what it can expect'));
      continue;
    }
    const number = evaluate(value, scopeOf(expanding, owner));
    if (expanding.failed.has(value)) continue;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) found[fact] = number;
    else {
      const origin = expanding.params.originOf(value);
      problems.add(
        origin,
        `${owner}.${fact} must be an integer of at least 0, got ${describe(origin)}`,
        'write a number',
      );
    }
  }
  return found;
};
