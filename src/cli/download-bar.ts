import { SingleBar } from 'cli-progress';

/** Shows how much of a file has come: a bar on a terminal, nothing elsewhere. */
export interface DownloadBar {
  show(this: void, file: string, bytes: number, total: number): void;
  end(): void;
}

export function downloadBar(): DownloadBar {
  if (!process.stderr.isTTY) return { show() {}, end() {} };
  const bar = new SingleBar({
    format: '{file}  {bar} {percentage}%  {done} of {all} MB',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
    gracefulExit: false,
  });
  let begun = false;
  return {
    show(file, bytes, total) {
      const shown = { file, done: megabytes(bytes), all: megabytes(total) };
      if (begun) bar.update(bytes, shown);
      else bar.start(total, bytes, shown);
      begun = true;
    },
    end() {
      bar.stop();
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
