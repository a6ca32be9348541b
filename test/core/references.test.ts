import { describe, expect, it } from 'vitest';
import { choosePoints, combinations, matrixOf, nodeId, type Point } from '../../core/expand.ts';
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
    const { points } = matrixOf({ axes });
    expect(points).toHaveLength(combinations({ axes }));
    expect(points.map((point) => nodeId('s', point))).toEqual([
      ...['s[a=x,m=0]', 's[a=x,m=0.5]', 's[a=y,m=0]', 's[a=y,m=0.5]', 's[a=z,m=0]', 's[a=z,m=0.5]'],
    ]);
    expect(matrixOf({ axes: {} })).toEqual({ axes: {}, points: [{}], zipped: [] });
    expect(nodeId('s', {})).toBe('s');
  });

  it('is chosen from by own, named and all values', () => {
    const choose = [
      { axis: 'a', choose: 'all' as const },
      { axis: 'm', choose: 'same' as const },
    ];
    expect(choosePoints(matrixOf({ axes }), choose, { m: 0.5 })).toEqual({
      points: ['x', 'y', 'z'].map((a) => ({ a, m: 0.5 })),
      list: true,
    });
    expect(choosePoints(matrixOf({ axes }), [{ axis: 'm', choose: { value: 0 } }], {})).toEqual({
      fault: 'axis-unchosen',
      axis: 'a',
    });
    expect(choosePoints(matrixOf({ axes: {} }), undefined, {})).toEqual({ points: [{}], list: false });
    expect(choosePoints(matrixOf({ axes: {} }), 'all', {})).toEqual({ points: [{}], list: true });
  });

  const volumes = matrixOf({
    axes: { seed: [1, 2] },
    zip: [{ images: [50, 50, 5], subjects: [10, 20, 40] }],
    exclude: [{ subjects: 40, seed: 2 }],
    include: [{ images: 1, seed: 3, subjects: 99 }],
  });

  it('has axes that vary together, combinations left out, and points of their own', () => {
    expect(volumes.points.map((point) => nodeId('s', point))).toEqual([
      ...['s[images=50,seed=1,subjects=10]', 's[images=50,seed=2,subjects=10]'],
      ...['s[images=50,seed=1,subjects=20]', 's[images=50,seed=2,subjects=20]'],
      ...['s[images=5,seed=1,subjects=40]', 's[images=1,seed=3,subjects=99]'],
    ]);
    expect(volumes.axes).toEqual({ images: [50, 5, 1], seed: [1, 2, 3], subjects: [10, 20, 40, 99] });
    expect(matrixOf({ axes: {}, include: [{ a: 1 }] }).points).toEqual([{ a: 1 }]);
  });

  it('an axis that varies together with a chosen one is chosen with it, where that says which', () => {
    const same = (...axes: string[]) => axes.map((axis) => ({ axis, choose: 'same' as const }));
    const choose = (axes: string[], own: Point) => choosePoints(volumes, same(...axes), own);
    expect(choose(['subjects', 'seed'], { subjects: 20, seed: 2 })).toEqual({
      points: [{ images: 50, seed: 2, subjects: 20 }],
      list: false,
    });
    expect(choose(['images', 'seed'], { images: 50, seed: 2 })).toEqual({ fault: 'axis-unchosen', axis: 'subjects' });
    expect(choose(['subjects'], { subjects: 20 })).toEqual({ fault: 'axis-unchosen', axis: 'seed' });
    expect(choose(['subjects', 'seed'], { subjects: 40, seed: 2 })).toEqual({
      fault: 'no-such-point',
      part: { subjects: 40, seed: 2 },
    });
  });
});
