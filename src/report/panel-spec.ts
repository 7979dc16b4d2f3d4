import type { Axis as AxisSpec, GroupMark, LinearScale, LogScale, Mark } from 'vega';
import type { Axis, Band, Marker, Panel, Point, Series } from './figure.ts';
import type { CurveLook, FigureColours } from './figure-theme.ts';
import { values } from './vega-values.ts';

/* Sizes in CSS pixels. */

/** Room left of a plot and below it. */
export const Y_AXIS_WIDTH = 76;
export const X_AXIS_HEIGHT = 50;
const Y_TITLE_X = -64;

/** Room above a plot: air, then the legend, then labels of markers. */
const AIR = 16;
const LEGEND_HEIGHT = 28;
const MARKER_LABEL_HEIGHT = 22;

const LEGEND_LINE = 40;
const LEGEND_FONT_SIZE = 14;
/** Rather wide for a proportional font, in units of its size. */
const CHARACTER_WIDTH = 0.55;

/** Air between the outermost points and the edges of a plot. */
const X_PADDING = 20;
const Y_PADDING = 12;
const PIXELS_PER_TICK = { x: 90, y: 45 };

/** Of longer curves only some points are marked, so that markers do not run into each other; of a single one, none. */
const MAX_MARKED_POINTS = 60;
const MARKED_OF_MANY = 8;

export interface Curve extends Series {
  look: CurveLook;
}

interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Room that a panel needs above its plot of that width. */
export function headerHeight({ series, markers }: Panel, width: number): number {
  const labelled = markers.some(marker => marker.label !== '');
  const rows = series.length > 1 ? Math.max(...legendPlaces(series, width).map(({ row }) => row)) + 1 : 0;
  return AIR + rows * LEGEND_HEIGHT + (labelled ? MARKER_LABEL_HEIGHT : 0);
}

/** A panel as a Vega group; `curves` are its series. */
export function panelSpec(
  panel: Panel,
  curves: readonly Curve[],
  { x, y, width, height }: Frame,
  colours: FigureColours,
): GroupMark {
  const points = curves.flatMap(curve => curve.points);
  const xs = points.map(point => point.x);
  const ys = points.map(point => point.y);
  return {
    type: 'group',
    encode: { enter: values({ x, y, width, height }) },
    signals: [
      { name: 'width', value: width },
      { name: 'height', value: height },
    ],
    scales: [
      panel.x.ticks === 'logarithmic'
        ? { ...logScale('x', xs), range: 'width' }
        : { ...linearScale('x', xs), range: 'width', padding: X_PADDING },
      { ...linearScale('y', ys), range: 'height', padding: Y_PADDING, nice: true },
    ],
    axes: [
      { ...axis('x', panel.x, width / PIXELS_PER_TICK.x, xs), orient: 'bottom' },
      { ...axis('y', panel.y, height / PIXELS_PER_TICK.y, ys), orient: 'left', titleX: Y_TITLE_X },
    ],
    marks: [
      ...(curves.length > 1 ? legend(curves, width, AIR - headerHeight(panel, width), colours) : []),
      ...(panel.bands ?? []).map(band => bandMark(band, height, colours)),
      ...panel.markers.flatMap(marker => markerMarks(marker, height, colours)),
      ...curves.map((curve, index) => curveGroup(curve, index, curves.length)),
      ...curves.map(curve => rings(curve, colours)),
    ],
  };
}

/** From the lowest to the highest finite value; about a single one, and from 0 to 1 without any. */
function linearScale(name: string, numbers: readonly number[]): LinearScale {
  const finite = numbers.filter(Number.isFinite);
  let [low, high] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  if (low === high) {
    const around = Math.abs(low) / 10 || 1;
    low -= around;
    high += around;
  }
  return { name, type: 'linear', domain: [low, high], zero: false };
}

/** Vega leaves no air at the ends of a logarithmic scale, so it ends where a plot with air would. */
function logScale(name: string, numbers: readonly number[]): LogScale {
  const finite = numbers.filter(n => Number.isFinite(n) && n > 0);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const air = low === high ? 10 : (high / low) ** 0.025;
  return { name, type: 'log', domain: [low / air, high * air] };
}

function axis(
  scale: string,
  { title, ticks }: Axis,
  tickCount: number,
  numbers: readonly number[],
): Omit<AxisSpec, 'orient'> {
  const common = { scale, title, tickCount: Math.round(tickCount) };
  switch (ticks) {
    case 'integer':
      return { ...common, format: ',d', tickMinStep: 1 };
    case 'decimal':
      return common;
    case 'scientific':
      return { ...common, ...SCIENTIFIC_LABELS };
    case 'logarithmic':
      return { ...common, ...SCIENTIFIC_LABELS, values: powersOfTen(numbers) };
  }
}

/** 0, 5e-5, 1.2e-4: with the hyphen that a command line reads, not the minus sign of Vega's formats. */
const SCIENTIFIC = "datum.value === 0 ? '0' : replace(format(datum.value, '~e'), '\u2212', '-')";

const SCIENTIFIC_LABELS = { encode: { labels: { update: { text: { signal: SCIENTIFIC } } } } };

/** Those between the lowest and the highest number, or 1, 2 and 5 times each where they are few. */
function powersOfTen(numbers: readonly number[]): number[] {
  const exponents = numbers.filter(n => Number.isFinite(n) && n > 0).map(Math.log10);
  const [low, high] = [Math.min(...exponents), Math.max(...exponents)];
  const digits = high - low < 2 ? [1, 2, 5] : [1];
  const ticks = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) =>
    digits.map(digit => Number(`${digit}e${Math.floor(low) + i}`)),
  );
  return ticks.flat();
}

/** Where the entries of a legend stand: in columns, as many as `width` has room for. */
function legendPlaces(series: readonly Series[], width: number): { x: number; row: number }[] {
  const longest = Math.max(...series.map(({ name }) => name.length));
  const column = LEGEND_LINE + 8 + longest * LEGEND_FONT_SIZE * CHARACTER_WIDTH + 24;
  const columns = Math.max(1, Math.floor((width + 24) / column));
  return series.map((_, i) => ({ x: (i % columns) * column, row: Math.floor(i / columns) }));
}

/** A piece of each curve, with its marker, and its name: Vega's own legends show either dashes or markers. */
function legend(curves: readonly Curve[], width: number, top: number, colours: FigureColours): Mark[] {
  const places = legendPlaces(curves, width);
  return curves.map(({ name, look: { colour, dash, shape } }, index) => {
    const line = values({ x2: LEGEND_LINE, stroke: colour, strokeDash: [...dash], strokeWidth: 2 });
    const marker = values({ x: LEGEND_LINE / 2, fill: colour, shape, size: 70 });
    const label = { text: name, fontSize: LEGEND_FONT_SIZE, fill: colours.text, baseline: 'middle' } as const;
    const { x, row } = places[index] as { x: number; row: number };
    return {
      type: 'group',
      encode: { enter: values({ x, y: top + (row + 0.5) * LEGEND_HEIGHT }) },
      marks: [
        { type: 'rule', encode: { enter: line } },
        { type: 'symbol', encode: { enter: marker } },
        { type: 'text', encode: { enter: values({ ...label, x: LEGEND_LINE + 8 }) } },
      ],
    };
  });
}

/** A line with gaps where y is not finite, and its points. */
function curveGroup(
  { points, look: { colour, dash, shape } }: Curve,
  index: number,
  count: number,
): GroupMark {
  const place = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } };
  const line = values({ stroke: colour, strokeDash: [...dash], strokeWidth: 2 });
  const defined = { signal: 'isFinite(datum.y)' };
  return {
    type: 'group',
    data: [
      { name: 'points', values: [...points] },
      { name: 'marked', values: markedPoints(points, index, count) },
    ],
    marks: [
      { type: 'line', from: { data: 'points' }, encode: { enter: { ...place, ...line, defined } } },
      {
        type: 'symbol',
        from: { data: 'marked' },
        encode: { enter: { ...place, ...values({ fill: colour, shape, size: 70 }) } },
      },
    ],
  };
}

/** The points that get a marker: at other places on each of `count` curves, which may lie on each other. */
function markedPoints(points: readonly Point[], index: number, count: number): Point[] {
  const finite = points.filter(point => Number.isFinite(point.y));
  if (points.length <= MAX_MARKED_POINTS) return finite;
  if (count === 1) return [];
  const every = Math.ceil(points.length / MARKED_OF_MANY);
  const first = Math.floor((every * (index % count)) / count);
  return finite.filter((_, i) => i % every === first);
}

function rings({ ringed = [], look: { colour } }: Curve, { text }: FigureColours): GroupMark {
  const place = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } };
  const ring = (size: number, stroke: string, strokeWidth: number): Mark => ({
    type: 'symbol',
    from: { data: 'ringed' },
    encode: { enter: { ...place, ...values({ shape: 'circle', size, stroke, strokeWidth }) } },
  });
  return {
    type: 'group',
    data: [{ name: 'ringed', values: [...ringed] }],
    marks: [ring(220, text, 4), ring(220, colour, 2)],
  };
}

function bandMark({ from, to }: Band, height: number, { grid }: FigureColours): Mark {
  const ends = { x: { scale: 'x', value: from }, x2: { scale: 'x', value: to } };
  return { type: 'rect', encode: { enter: { ...ends, ...values({ y: 0, y2: height, fill: grid }) } } };
}

function markerMarks({ x, label }: Marker, height: number, { notes }: FigureColours): Mark[] {
  const place = { x: { scale: 'x', value: x } };
  const line = values({ y: 0, y2: height, stroke: notes, strokeDash: [3, 3] });
  const text = values({ y: -8, text: label, align: 'center' as const, fill: notes });
  return [
    { type: 'rule', encode: { enter: { ...place, ...line } } },
    { type: 'text', encode: { enter: { ...place, ...text } } },
  ];
}
