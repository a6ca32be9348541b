import { describe, expect, it } from 'vitest';
import { choosePoints, matrixPoints, nodeId, pointCount } from '../../core/expand.ts';
import { parseReference, parseTemplate } from '../../core/references.ts';

describe('references', () => {
  it('name params, matrix values, stages, their outputs and points', () => {
    expect(parseReference(' params.net.lr ')).toEqual({ to: 'params', path: ['net', 'lr'] });
    expect(parseReference('matrix.m')).toEqual({ to: 'matrix', axis: 'm' });
    expect(parseReference('stages.a')).toEqual({ to: 'stages', stage: 'a' });
    expect(parseReference('stages.a.log')).toEqual({ to: 'stages', stage: 'a', output: 'log' });
    expect(parseReference('stages.a[*].log')).toEqual({ to: 'stages', stage: 'a', index: 'all', output: 'log' });
    expect(parseReference('stages.a[m, n=-0.5, k=*, w=big, t=true]')).toEqual({
      to: 'stages',
      stage: 'a',
      index: [
        { axis: 'm', choose: 'same' },
        { axis: 'n', choose: { value: -0.5 } },
        { axis: 'k', choose: 'all' },
        { axis: 'w', choose: { value: 'big' } },
        { axis: 't', choose: { value: true } },
      ],
    });
  });

  it.each([
    'params',
    'params.',
    'stages.a()',
    'process.env.HOME',
    'params.a + 1',
    'stages.a[]',
    'stages.a[m==1',
    'constructor',
    '',
  ])('%s names nothing', (text) => expect(parseReference(text).to).toBe('nothing'));

  it('are found inside texts', () => {
    const parts = parseTemplate('a ${{ params.x }}b${{matrix.m}}');
    expect(parts.map((part) => ('text' in part ? part.text : part.source))).toEqual([
      'a ',
      '${{ params.x }}',
      'b',
      '${{matrix.m}}',
    ]);
    expect(parseTemplate('plain')).toEqual([{ text: 'plain' }]);
  });
});

describe('a matrix', () => {
  const axes = { m: [0, 0.5], a: ['x', 'y', 'z'] };

  it('is every combination, axes by name, values in their order', () => {
    expect(matrixPoints(axes)).toHaveLength(pointCount(axes));
    expect(matrixPoints(axes).map((point) => nodeId('s', point))).toEqual([
      ...['s[a=x,m=0]', 's[a=x,m=0.5]', 's[a=y,m=0]', 's[a=y,m=0.5]', 's[a=z,m=0]', 's[a=z,m=0.5]'],
    ]);
    expect(matrixPoints({})).toEqual([{}]);
    expect(nodeId('s', {})).toBe('s');
  });

  it('is chosen from by own, named and all values', () => {
    const choose = [
      { axis: 'a', choose: 'all' as const },
      { axis: 'm', choose: 'same' as const },
    ];
    expect(choosePoints(axes, choose, { m: 0.5 })).toEqual({
      points: ['x', 'y', 'z'].map((a) => ({ a, m: 0.5 })),
      list: true,
    });
    expect(choosePoints(axes, [{ axis: 'm', choose: { value: 0 } }], {})).toEqual({
      fault: 'axis-unchosen',
      axis: 'a',
    });
    expect(choosePoints({}, undefined, {})).toEqual({ points: [{}], list: false });
    expect(choosePoints({}, 'all', {})).toEqual({ points: [{}], list: true });
  });
});
