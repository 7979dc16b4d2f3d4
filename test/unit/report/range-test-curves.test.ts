import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { drawSvg } from '../../../src/report/draw-figure.ts';
import { rangeTestCurves } from '../../../src/report/range-test-curves.ts';
import { meanCurve } from '../../../src/report/sweep-curves.ts';

const lr = Array.from({ length: 85 }, (_, i) => 1e-6 * 10 ** (i / 14));
const curves = Array.from({ length: 15 }, (_, k) => ({
  name: `decay 0.${k}, dropout 0.1`,
  lr,
  loss: lr.map((_, i) => 2 - i / 100 + k / 50),
  ringed: lr[40] as number,
}));

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(match => match[1]);

/** Where the marks of a kind stand, group by group. */
const placesOf = (svg: string, kind: 'symbol' | 'text'): string[][] =>
  [...svg.matchAll(new RegExp(`<g class="mark-${kind} role-mark[^>]*>(.*?)</g>`, 'gs'))].map(match =>
    [...(match[1] ?? '').matchAll(/transform="translate\(([^)]*)\)/g)].map(place => place[1] ?? ''),
  );

test('rates stand at powers of ten, equal factors at equal distances', async t => {
  const svg = await drawSvg(rangeTestCurves({ curves: curves.slice(0, 1) }), 'light');
  const powers = textsOf(svg).filter(text => /^1e-\d$/.test(text ?? ''));
  t.deepEqual(powers, ['1e-6', '1e-5', '1e-4', '1e-3', '1e-2', '1e-1']);
  const narrow = { name: 'narrow', lr: [1e-4, 2e-4, 6e-4], loss: [3, 2, 1] };
  const few = textsOf(await drawSvg(rangeTestCurves({ curves: [narrow] }), 'light'));
  t.true(
    ['1e-4', '2e-4', '5e-4'].every(text => few.includes(text)),
    String(few),
  );
});

test('of many long curves a few points are marked, each curve elsewhere, and one is ringed', async t => {
  const svg = await drawSvg(rangeTestCurves({ curves }), 'light');
  const groups = placesOf(svg, 'symbol');
  const marked = groups.filter(places => places.length >= 7 && places.length <= 9);
  t.is(marked.length, 15);
  const columns = marked.map(places => places[0]?.split(',')[0]);
  t.true(new Set(columns).size >= 10, String(columns));
  t.is(groups.filter(places => places.length === 1).length, 15 + 2 * 15, 'legend and rings');
});

test('the legend has rows that end within the figure', async t => {
  const names = curves.map(({ name }) => name);
  const svg = await drawSvg(rangeTestCurves({ curves }), 'dark');
  t.deepEqual(
    textsOf(svg).filter(text => names.includes(text ?? '')),
    names,
  );
  const width = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]);
  const groups = [...svg.matchAll(/<g transform="translate\((\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)\)"/g)];
  const entries = groups
    .filter(([, , y]) => Number(y) < 0)
    .map(([, x, y]) => [Number(x), Number(y)] as const);
  t.is(new Set(entries.map(([, y]) => y)).size, 5);
  t.true(entries.every(([x]) => x + 250 < width));
});

test('the suggestion is a line, and a band where it is a range', async t => {
  const marked = { rate: 1e-4, label: 'suggested 1e-4', range: [5e-5, 3e-4] as const };
  const svg = await drawSvg(rangeTestCurves({ curves, notes: ['note'], marked }), 'light');
  t.true(textsOf(svg).includes('suggested 1e-4'));
  t.is([...svg.matchAll(/class="mark-rect role-mark/g)].length, 1);
  const [one] = rangeTestCurves({ curves, marked: { ...marked, range: [1e-4, 1e-4] } }).panels;
  t.deepEqual(one?.bands, []);
  t.throws(() => rangeTestCurves({ curves: [] }), { instanceOf: OptionError });
});

test('the curve of several seeds is their mean, as far as all of them go', t => {
  const skipped = { skipStart: 1, skipEnd: 1 };
  const histories = [
    { lr: [1, 2, 4, 8, 16], loss: [9, 3, 2, 1, 9] },
    { lr: [1, 2, 4, 8], loss: [9, 5, 3, 9] },
  ];
  t.deepEqual(meanCurve('mean', histories, skipped, 3.9), {
    name: 'mean',
    lr: [2, 4],
    loss: [4, 2.5],
    ringed: 4,
  });
  t.deepEqual(meanCurve('short', [{ lr: [1], loss: [2] }], skipped), { name: 'short', lr: [], loss: [] });
});
