import { describe, expect, it } from 'vitest';
import { expandText, problemsOf } from './helpers.ts';

const text = `experiment: demo
seed: 7
params: {m: [1, 0.5], people: 40}
scales:
  mini:
  paper:
    seed: 8
    params: {people: 10000}
    stages:
      faces: {with: {identities: "\${{ params.people }}"}}
stages:
  faces: {uses: data/procedural, with: {identities: 40}}
`;
const identities = (source: string, set: string[] = []): unknown => {
  const [node] = expandText(source, set).nodes;
  return [node?.params.identities, node?.seed];
};

describe('scales', () => {
  it('change nothing where none is chosen, or one that is empty', () => {
    expect(identities(text)).toEqual([40, 7]);
    expect(identities(text, ['scale=mini'])).toEqual([40, 7]);
  });

  it('are laid over the spec by name, before single values are set', () => {
    expect(identities(text, ['scale=paper'])).toEqual([10000, 8]);
    expect(identities(text, ['params.people=5', 'scale=paper'])).toEqual([5, 8]);
  });

  it('may be chosen by the spec, and otherwise by the command line', () => {
    expect(identities(`${text}scale: paper\n`)).toEqual([10000, 8]);
    expect(identities(`${text}scale: paper\n`, ['scale=mini'])).toEqual([40, 7]);
  });

  it('a name that is not there is refused with the names that are', () => {
    const [problem] = problemsOf({ 'spec.yaml': text }, ['scale=papers']);
    expect(problem).toMatchObject({ message: 'the spec has no scale "papers"', remedy: 'did you mean "paper"?' });
    const [none] = problemsOf({ 'spec.yaml': text.replace(/scales:[\s\S]*(?=stages:\n {2}faces)/, '') }, [
      'scale=paper',
    ]);
    expect(none?.message).toBe('the spec has no scales');
  });

  it('a scale holds what a spec does, and no name of its own', () => {
    const [problem] = problemsOf({ 'spec.yaml': text.replace('seed: 8', 'experiment: other') }, ['scale=paper']);
    expect(problem?.message).toBe('a scale has no key "experiment"');
  });
});
