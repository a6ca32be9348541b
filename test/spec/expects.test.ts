import { describe, expect, it } from 'vitest';
import { expandText, problemsOf } from './helpers.ts';

const text = (expects: string): string => `experiment: demo
seed: 7
params: {people: 40}
stages:
  faces: {uses: data/procedural, with: {identities: 40}, expects: ${expects}}
`;

describe('what a stage is expected to make', () => {
  it('stands beside the node and not in its parameters, and may refer to params', () => {
    const [node] = expandText(text('{images: 800, identities: "${{ params.people }}"}')).nodes;
    expect(node?.expects).toEqual({ images: 800, identities: 40 });
    expect(JSON.stringify(node?.params)).not.toContain('800');
  });

  it('must be counts, of what can be counted', () => {
    const [negative] = problemsOf({ 'spec.yaml': text('{images: -1}') });
    expect(negative?.message).toBe('stages.faces.expects.images must be an integer of at least 0, got -1');
    const [unknown] = problemsOf({ 'spec.yaml': text('{image: 3}') });
    expect(unknown).toMatchObject({ message: 'a stage cannot expect "image"', remedy: 'did you mean "images"?' });
  });
});
