import { workerData } from 'node:worker_threads';
import { writeFileAtomically } from '../files.ts';
import { drawPng, drawSvg } from './draw-figure.ts';
import type { Figure } from './figure.ts';
import type { FigureTheme } from './figure-theme.ts';

/* Entry of the thread that writeFigure starts: it draws the one figure that it was started with, and ends. */

export interface FigureJob {
  figure: Figure;
  theme: FigureTheme;
  svgFile: string;
  pngFile: string;
}

const { figure, theme, svgFile, pngFile }: FigureJob = workerData;
const svg = await drawSvg(figure, theme);
const png = drawPng(svg);
await writeFileAtomically(svgFile, svg);
await writeFileAtomically(pngFile, png);
