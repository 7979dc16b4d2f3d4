import { workerData } from 'node:worker_threads';
import { writeFileAtomically } from '../files.ts';
import { drawPng, drawSvg } from './draw-figure.ts';
import type { Figure } from './figure.ts';
import type { FigureTheme } from './figure-theme.ts';

/* Entry of the thread that writeFigure starts: it draws the figures that it was started with, and ends. */

export interface FigureJob {
  figure: Figure;
  theme: FigureTheme;
  svgFile: string;
  pngFile: string;
}

for (const { figure, theme, svgFile, pngFile } of workerData as FigureJob[]) {
  const svg = await drawSvg(figure, theme);
  const png = drawPng(svg);
  await writeFileAtomically(svgFile, svg);
  await writeFileAtomically(pngFile, png);
}
