import { describe, expect, it } from 'vitest';
import { commonDomain, type Ridge, ridges } from '../../report/blocks/similarity/ridges.ts';
import { thin } from '../../report/blocks/training/loss-curve.ts';
import { lineChart, spreadLabels } from '../../report/svg/line-chart.ts';
import { linearScale, niceAxis, niceTicks, tickDigits } from '../../report/svg/scale.ts';

describe('scales', () => {
  it('map the ends of the domain to the ends of the range', () => {
    const scale = linearScale([50, 100], [300, 0], []);
    expect([scale.at(50), scale.at(75), scale.at(100)]).toEqual([300, 150, 0]);
  });

  it('put ticks at round steps inside, and widen an axis to whole ticks', () => {
    expect(niceTicks(-0.05, 1.02, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(niceAxis(54.9, 91.95, 6)).toEqual({ domain: [50, 95], ticks: [50, 55, 60, 65, 70, 75, 80, 85, 90, 95] });
  });

  it('make room about a single value', () => {
    const { domain } = niceAxis(0.5, 0.5, 4);
    expect(domain[0]).toBeLessThan(0.5);
    expect(domain[1]).toBeGreaterThan(0.5);
  });

  it('print enough digits to tell ticks apart', () => {
    expect(tickDigits([0, 0.25, 0.5])).toBe(2);
    expect(tickDigits([50, 60])).toBe(0);
    expect(tickDigits([0, 2.5e-7])).toBe(8);
  });
});

describe('spreadLabels', () => {
  it('keeps order and distance, inside the plot', () => {
    const places = spreadLabels([10, 11, 12, 50, 99, 99.5], 15, 0, 100);
    for (let i = 1; i < places.length; i++)
      expect((places[i] as number) - (places[i - 1] as number)).toBeGreaterThanOrEqual(15 - 1e-9);
    expect(places[0]).toBeGreaterThanOrEqual(0);
    expect(places.at(-1)).toBeLessThanOrEqual(100);
  });

  it('leaves labels alone that have room', () => {
    expect(spreadLabels([10, 40, 80], 15, 0, 100)).toEqual([10, 40, 80]);
  });
});

describe('lineChart', () => {
  const chart = (names: string[]) =>
    lineChart({
      id: 'c',
      title: 'Accuracy over m',
      description: 'd',
      xLabel: 'm',
      yLabel: 'Accuracy, %',
      series: names.map((name, i) => ({
        name,
        style: i,
        points: [
          { x: -0.5, y: 60, title: `${name} 60`, artifact: `sha256:${'a'.repeat(64)}` },
          { x: 1, y: 80, title: `${name} 80`, artifact: `sha256:${'b'.repeat(64)}` },
        ],
      })),
      levels: [{ y: 92, name: 'Real 92' }],
    }).markup;

  it('draws one marker a point, each with its value and its artifact', () => {
    const svg = chart(['LFW', 'CPLFW']);
    expect(svg.match(/class="mark"/g)).toHaveLength(4);
    expect(svg).toContain(`data-artifact="sha256:${'b'.repeat(64)}"`);
    expect(svg).toContain('<title>CPLFW 80</title>');
    expect(svg).toContain('Real 92');
  });

  it('puts higher values higher', () => {
    const path =
      /class="line" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/
        .exec(chart(['LFW']))
        ?.slice(1)
        .map(Number) ?? [];
    expect(path[2]).toBeGreaterThan(path[0] as number);
    expect(path[3]).toBeLessThan(path[1] as number);
  });

  it('escapes names', () => {
    expect(chart(['<script>x</script>'])).not.toContain('<script');
  });
});

describe('ridges', () => {
  const ridge = (counts: number[]): Ridge => ({
    label: 'm = 0',
    artifact: `sha256:${'a'.repeat(64)}`,
    mean: 0.31,
    std: 0.1,
    edges: [-0.2, 0, 0.2, 0.4, 0.6],
    counts,
  });

  it('share the axis that any of them uses', () => {
    expect(commonDomain([ridge([0, 0, 4, 0]), ridge([0, 5, 1, 0])])).toEqual([0, 0.4]);
  });

  it('draw equal shapes for equal shares, however many images were counted', () => {
    const draw = (counts: number[]) =>
      ridges({ id: 'r', title: 't', description: 'd', xLabel: 'x', ridges: [ridge(counts)], domain: [0, 0.4] }).markup;
    expect(draw([0, 10, 30, 0])).toBe(draw([0, 100, 300, 0]));
    expect(draw([0, 10, 30, 0])).toContain('0.310 ± 0.100');
  });

  it('survive an empty histogram', () => {
    expect(commonDomain([ridge([0, 0, 0, 0])])).toEqual([0, 1]);
  });
});

describe('thin', () => {
  it('keeps short logs as they are', () => {
    expect(thin([1, 2, 3], [9, 8, 7], 10)).toEqual([
      [1, 9],
      [2, 8],
      [3, 7],
    ]);
  });

  it('draws long logs as means of equal stretches', () => {
    expect(thin([0, 1, 2, 3], [4, 2, 1, 3], 2)).toEqual([
      [0.5, 3],
      [2.5, 2],
    ]);
  });
});
