import type { Config, GroupMark, Mark, Spec } from 'vega';
import type { Figure } from './figure.ts';
import { COLOURS, curveLook, type FigureColours, type FigureTheme } from './figure-theme.ts';
import { headerHeight, panelSpec, X_AXIS_HEIGHT, Y_AXIS_WIDTH } from './panel-spec.ts';
import { values } from './vega-values.ts';

/** The bundled font first, then what browsers have. */
const FONT = "'Open Sans', 'Segoe UI', Helvetica, Arial, sans-serif";

/* Sizes in CSS pixels. Everything has its fixed place: without a browser, Vega only guesses how wide a text is. */
const MARGIN = 20;
const TITLE_HEIGHT = 30;
const NOTE_HEIGHT = 18;
const PLOT_WIDTH = 780;
const ONLY_PLOT_HEIGHT = 380;
const FIRST_PLOT_HEIGHT = 250;
const OTHER_PLOT_HEIGHT = 120;

/** A figure as a Vega specification. */
export function figureSpec(figure: Figure, theme: FigureTheme): Spec {
  const colours = COLOURS[theme];
  const panels: GroupMark[] = [];
  let curveCount = 0;
  let y = TITLE_HEIGHT + NOTE_HEIGHT * figure.notes.length;
  for (const panel of figure.panels) {
    let height = panels.length === 0 ? FIRST_PLOT_HEIGHT : OTHER_PLOT_HEIGHT;
    if (figure.panels.length === 1) height = ONLY_PLOT_HEIGHT;
    y += headerHeight(panel, PLOT_WIDTH);
    const curves = panel.series.map(series => ({ ...series, look: curveLook(curveCount++, colours) }));
    panels.push(panelSpec(panel, curves, { x: Y_AXIS_WIDTH, y, width: PLOT_WIDTH, height }, colours));
    y += height + X_AXIS_HEIGHT;
  }
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    background: colours.background,
    autosize: 'none',
    padding: MARGIN,
    width: Y_AXIS_WIDTH + PLOT_WIDTH,
    height: y,
    marks: [...heading(figure, colours), ...panels],
    config: config(colours),
  };
}

function heading({ title, notes }: Figure, colours: FigureColours): Mark[] {
  const place = values({ x: Y_AXIS_WIDTH, baseline: 'top' as const });
  const titleLook = values({ text: title, fontSize: 20, fontWeight: 'bold' as const, fill: colours.text });
  const notesLook = values({ text: [...notes], lineHeight: NOTE_HEIGHT, fill: colours.notes });
  return [
    { type: 'text', encode: { enter: { ...place, ...titleLook } } },
    { type: 'text', encode: { enter: { ...place, ...notesLook, ...values({ y: TITLE_HEIGHT }) } } },
  ];
}

function config(colours: FigureColours): Config {
  return {
    text: { font: FONT, fontSize: 13 },
    axis: {
      labelFont: FONT,
      labelFontSize: 13,
      labelColor: colours.text,
      labelOverlap: true,
      titleFont: FONT,
      titleFontSize: 14,
      titleFontWeight: 'normal',
      titleColor: colours.text,
      titlePadding: 10,
      grid: true,
      gridColor: colours.grid,
      domainColor: colours.notes,
      tickColor: colours.notes,
    },
  };
}
