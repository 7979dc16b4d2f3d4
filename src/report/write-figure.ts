import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { checkOneOf, checkString } from '../check.ts';
import { NerbertError } from '../errors.ts';
import type { Figure } from './figure.ts';
import { FIGURE_THEMES, type FigureTheme } from './figure-theme.ts';
import type { FigureJob } from './figure-worker.ts';

/* The compiler leaves this name alone, so the extension is that of the file that runs: .ts or .js. */
const WORKER = new URL(`./figure-worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/** Imports the worker's file: where Node.js was started with --input-type, a thread refuses a file as its entry. */
const ENTRY = new URL(`data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(WORKER.href)}`)}`);

export interface WriteFigureOptions {
  /** Dark on white, or light on near-black. Default: `light`. */
  theme?: FigureTheme;
}

/** A figure, and where to draw it. */
export interface FigureFiles {
  figure: Figure;
  /** `.svg` and `.png` are added. */
  pathWithoutExtension: string;
  theme: FigureTheme;
}

/**
 * Draws a figure into `<pathWithoutExtension>.svg` and `.png`, whose folder must exist. Loading the drawing libraries
 * and drawing take about a second; both happen in a thread of their own, so that the event loop stays free. The thread
 * keeps the process alive until the files are written, and no longer.
 *
 * @returns the paths of the two files
 * @throws {NerbertError} `ERR_FIGURE` if drawing or writing fails, with the reason as `cause`
 */
export async function writeFigure(
  figure: Figure,
  pathWithoutExtension: string,
  options: WriteFigureOptions = {},
): Promise<string[]> {
  checkString('pathWithoutExtension', pathWithoutExtension);
  const theme = checkOneOf('theme', options.theme ?? 'light', FIGURE_THEMES);
  return writeFigures([{ figure, pathWithoutExtension, theme }]);
}

/** Draws several figures as `writeFigure` does, in one thread: most of the time goes into loading the libraries. */
export async function writeFigures(figures: readonly FigureFiles[]): Promise<string[]> {
  const jobs = figures.map(({ figure, theme, pathWithoutExtension: path }): FigureJob => {
    return { figure, theme, svgFile: `${path}.svg`, pngFile: `${path}.png` };
  });
  const shown = jobs.map(({ svgFile }) => `${svgFile} and .png`).join(', ');
  const failure = (reason: string, cause?: unknown) =>
    new NerbertError('ERR_FIGURE', `Expected to draw ${shown} but failed: ${reason}`, { cause });

  await new Promise<void>((resolve, reject) => {
    const worker = new Worker(ENTRY, { workerData: jobs });
    worker.once('error', cause => reject(failure(cause.message, cause)));
    worker.once('exit', code =>
      code === 0 ? resolve() : reject(failure(`its thread ended with exit code ${code}`)),
    );
  });
  return jobs.flatMap(({ svgFile, pngFile }) => [svgFile, pngFile]);
}
