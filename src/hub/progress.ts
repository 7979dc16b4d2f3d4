import { SingleBar } from 'cli-progress';
import { formatBytes } from './format-bytes.ts';
import type { HubSettings } from './settings.ts';

/** Shows how far the download of some files is. */
export interface DownloadProgress {
  /** @param bytes how many of all files are there */
  show(file: string, bytes: number): void;
  end(): void;
}

/**
 * A bar on a terminal, one line elsewhere; on standard error, where it mixes with no results.
 *
 * @param what what is fetched from where to where
 * @param total bytes of all files
 */
export function downloadProgress(
  form: HubSettings['progress'],
  what: string,
  total: number,
): DownloadProgress {
  if (form === 'none') return { show() {}, end() {} };
  process.stderr.write(`${what}\n`);
  return form === 'bar' ? barProgress(total) : { show() {}, end() {} };
}

/** Columns that the text beside the bar takes, as a rule at most. */
const WIDTH_BESIDE_BAR = 68;

function barProgress(total: number): DownloadProgress {
  const bar = new SingleBar({
    format: '{file}  {bar} {percentage}%  {done} of {all}  {speed}/s  {eta_formatted} left',
    barsize: Math.min(40, Math.max(4, process.stderr.columns - WIDTH_BESIDE_BAR)),
    clearOnComplete: true,
    stream: process.stderr,
    etaBuffer: 100,
    // As the trainer's bar: nothing left behind in the terminal by a killed process, and no signals caught.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  let begun: { at: number; bytes: number } | undefined;
  return {
    show(file, bytes) {
      const seconds = begun ? (performance.now() - begun.at) / 1000 : 0;
      const speed = begun && seconds > 0 ? (bytes - begun.bytes) / seconds : 0;
      const shown = {
        file,
        done: formatBytes(bytes),
        all: formatBytes(total),
        speed: formatBytes(Math.max(0, Math.round(speed))),
      };
      if (begun) bar.update(bytes, shown);
      // What an earlier process fetched counts neither as speed nor for the time left.
      else bar.start(total, bytes, shown);
      begun ??= { at: performance.now(), bytes };
    },
    end() {
      bar.stop();
    },
  };
}
