import test from 'ava';
import { drawPng, drawSvg } from '../../../src/report/draw-figure.ts';
import { errorCurves } from '../../../src/report/error-curves.ts';
import type { Figure, Panel } from '../../../src/report/figure.ts';
import { learningRateCurve } from '../../../src/report/learning-rate-curve.ts';
import { readPng } from '../../support/png.ts';

const sixEpochs = errorCurves({
  lossTrEpochs: [0.3121, 0.1712, 0.1233, 0.0912, 0.0701, 0.0558],
  lossValEpochs: [0.2034, 0.1651, 0.1602, 0.1584, 0.1623, 0.1701],
  f1: [0.6912, 0.7231, 0.7389, 0.749, 0.7477, 0.7465],
  bestEpoch: 4,
});

const threeThousandSteps = learningRateCurve({
  learningRates: Array.from({ length: 3500 }, (_, step) => 5e-5 * (1 - step / 3500)),
});

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(match => match[1]);

/** The opening tags of all marks of a kind, each a path of the SVG. */
const marksOf = (svg: string, kind: 'line' | 'symbol'): string[] =>
  [...svg.matchAll(new RegExp(`<g class="mark-${kind} role-mark[^>]*>(.*?)</g>`, 'gs'))].flatMap(
    match => match[1]?.match(/<path[^>]*>/g) ?? [],
  );

const attribute = (tag: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];

test('the error curves hold title, note, axis names, whole epochs and a legend', async t => {
  const texts = textsOf(await drawSvg(sixEpochs, 'light'));
  for (const text of [
    'Training and validation loss and entity F1 per epoch',
    'best epoch 4: training loss 0.0912, validation loss 0.1584, entity F1 0.7490',
    'loss per labelled word (nats)',
    'entity F1',
    'best epoch',
    'training loss',
    'validation loss',
  ]) {
    t.is(texts.filter(other => other === text).length, 1, text);
  }
  t.is(texts.filter(text => text === 'epoch').length, 2);
  t.deepEqual(
    texts.filter(text => /^\d+$/.test(text ?? '')),
    ['1', '2', '3', '4', '5', '6', '1', '2', '3', '4', '5', '6'],
  );
});

test('every value is a point, and the curves differ in dash and shape too', async t => {
  const svg = await drawSvg(sixEpochs, 'light');
  const lines = marksOf(svg, 'line');
  t.is(lines.length, 3);
  t.is(new Set(lines.map(line => attribute(line, 'stroke-dasharray'))).size, 3);
  const symbols = marksOf(svg, 'symbol');
  t.is(symbols.length, 3 * 6 + 2, 'and one in each of two legend entries');
  t.is(new Set(symbols.map(symbol => attribute(symbol, 'd'))).size, 3);
});

test('twenty curves all look different without colour', async t => {
  const series = Array.from({ length: 20 }, (_, index) => ({
    name: `curve ${index}`,
    points: [{ x: 1, y: index }],
  }));
  const panel: Panel = {
    x: { title: 'x', ticks: 'integer' },
    y: { title: 'y', ticks: 'decimal' },
    series,
    markers: [],
  };
  const svg = await drawSvg({ title: 'many', notes: [], panels: [panel] }, 'light');
  const looks = marksOf(svg, 'line').map((line, index) => {
    const symbol = marksOf(svg, 'symbol').at(index - 20) ?? '';
    return `${attribute(line, 'stroke-dasharray')} ${attribute(symbol, 'd')}`;
  });
  t.is(new Set(looks).size, 20);
});

test('one epoch is a point for each loss', async t => {
  const svg = await drawSvg(
    errorCurves({ lossTrEpochs: [0.3], lossValEpochs: [0.2], bestEpoch: 1 }),
    'light',
  );
  t.is(marksOf(svg, 'symbol').length, 2 + 2);
  t.true(textsOf(svg).includes('1'));
  t.notRegex(svg, /NaN/);
});

test('a value that is not finite is a gap', async t => {
  const svg = await drawSvg(
    errorCurves({ lossTrEpochs: [0.3, 0.2, Number.NaN, Infinity, 0.2, 0.1] }),
    'light',
  );
  t.is(marksOf(svg, 'symbol').length, 4);
  const [line, ...others] = marksOf(svg, 'line');
  t.deepEqual(others, []);
  const path = attribute(line ?? '', 'd') ?? '';
  t.is(path.match(/M/g)?.length, 2, path);
  t.notRegex(path, /NaN|Infinity/);
});

test('nothing finite at all still gives the axes', async t => {
  const svg = await drawSvg(errorCurves({ lossTrEpochs: [Number.NaN, Number.NaN] }), 'light');
  t.is(marksOf(svg, 'symbol').length, 0);
  t.true(textsOf(svg).includes('loss per labelled word (nats)'));
});

test('the learning rate has rates as one types them and no points on a long curve', async t => {
  const svg = await drawSvg(threeThousandSteps, 'light');
  const texts = textsOf(svg);
  for (const text of [
    'Learning rate per optimizer step',
    'optimizer step',
    'learning rate',
    '0',
    '1e-5',
    '5e-5',
    '1,000',
  ]) {
    t.true(texts.includes(text), text);
  }
  t.is(marksOf(svg, 'line').length, 1);
  t.is(marksOf(svg, 'symbol').length, 0);
  const short = await drawSvg(learningRateCurve({ learningRates: [0, 2e-5, 1e-5] }), 'light');
  t.is(marksOf(short, 'symbol').length, 3);
});

test('the font of the SVG falls back to sans-serif', async t => {
  const families = [...(await drawSvg(sixEpochs, 'light')).matchAll(/font-family="([^"]*)"/g)].map(
    match => match[1],
  );
  t.true(families.length > 0);
  t.true(families.every(family => family?.endsWith('sans-serif')));
});

test('names are escaped', async t => {
  const named: Figure = { ...sixEpochs, title: 'a < b & "c"' };
  const svg = await drawSvg(named, 'light');
  t.true(svg.includes('a &lt; b &amp; '));
  t.notThrows(() => drawPng(svg));
});

for (const [theme, background, training, text] of [
  ['light', '#ffffff', '#0072b2', '#1f2328'],
  ['dark', '#0d1117', '#56b4e9', '#e6edf3'],
] as const) {
  test(`the ${theme} PNG is twice the size of the SVG and shows background, curves and text`, async t => {
    const svg = await drawSvg(sixEpochs, theme);
    const { width, height, colours } = readPng(Buffer.from(drawPng(svg)));
    const root = /<svg[^>]*>/.exec(svg)?.[0] ?? '';
    t.is(width, 2 * Number(attribute(root, 'width')));
    t.is(height, 2 * Number(attribute(root, 'height')));
    const share = (colour: string) => (colours.get(colour) ?? 0) / (width * height);
    t.true(share(background) > 0.85, `background: ${share(background)}`);
    t.true(share(training) > 0.001, `curve: ${share(training)}`);
    t.true(share(text) > 0.002, `text: ${share(text)}`);
  });
}
