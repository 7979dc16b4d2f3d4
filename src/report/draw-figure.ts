import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import * as vega from 'vega';
import type { Figure } from './figure.ts';
import { figureSpec } from './figure-spec.ts';
import type { FigureTheme } from './figure-theme.ts';

/* Slow to load and to run: for a thread of its own, see writeFigure. */

/** Pixels of the PNG to one of the SVG, so that it is sharp on dense screens and in print. */
const SCALE = 2;

const FONTS = ['OpenSans-Regular.ttf', 'OpenSans-Bold.ttf'].map(name =>
  fileURLToPath(new URL(`../../assets/fonts/${name}`, import.meta.url)),
);

export async function drawSvg(figure: Figure, theme: FigureTheme): Promise<string> {
  const view = new vega.View(vega.parse(figureSpec(figure, theme)), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** With the bundled fonts alone, so that a machine without fonts draws the same picture. */
export function drawPng(svg: string): Uint8Array {
  const font = { fontFiles: FONTS, loadSystemFonts: false, defaultFontFamily: 'Open Sans' };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: SCALE } }).render().asPng();
}
