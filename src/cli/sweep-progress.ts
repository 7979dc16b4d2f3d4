import { SingleBar } from 'cli-progress';
import type { SweepIteration } from '../training/lr-sweep.ts';
import { duration } from '../training/step-figures.ts';
import type { SweepRun } from './lr-find-results.ts';

/** Tells how far a sweep has come: a bar over all its runs on a terminal, elsewhere a line a run. */
export class SweepProgress {
  readonly #bar: SingleBar | undefined;
  readonly #numIter: number;
  readonly #runs: number;
  readonly #begun = performance.now();
  #runsDone = 0;
  #iterations = 0;
  #iterationsOfRun = 0;

  /** @param runs to come, of `numIter` iterations each unless they end early */
  constructor(runs: number, numIter: number) {
    this.#runs = runs;
    this.#numIter = numIter;
    if (!process.stdout.isTTY || runs === 0) return;
    this.#bar = new SingleBar({
      format: 'run {run}/{runs} {bar} {percentage}%  {figures}',
      barsize: Math.min(30, Math.max(4, process.stdout.columns - 74)),
      clearOnComplete: true,
      stream: process.stdout,
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
    });
    this.#bar.start(runs * numIter, 0, { run: 1, runs, figures: '' });
  }

  iteration({ iteration, learningRate, loss }: SweepIteration): void {
    this.#iterations++;
    this.#iterationsOfRun = iteration;
    const figures = `loss ${loss.toFixed(4)}  lr ${learningRate.toExponential(2)}  ${this.#timeLeft()} left`;
    const run = this.#runsDone + 1;
    this.#bar?.update(this.#runsDone * this.#numIter + iteration, { run, runs: this.#runs, figures });
  }

  run({ seed, weightDecay, dropout, loss, ended }: SweepRun): void {
    this.#runsDone++;
    this.#iterationsOfRun = 0;
    this.#bar?.update(this.#runsDone * this.#numIter);
    const end = { done: 'all iterations', diverged: 'diverged', 'not-finite': 'loss not finite' }[ended];
    if (this.#bar) return;
    const left = this.#runsDone < this.#runs ? `, ${this.#timeLeft()} left` : '';
    process.stdout.write(
      `run ${this.#runsDone}/${this.#runs}: seed ${seed}, weight decay ${weightDecay}, dropout ${dropout}: ` +
        `${end} (${loss.length} of ${this.#numIter}), lowest loss ${Math.min(...loss).toFixed(4)}${left}\n`,
    );
  }

  /** Takes the bar off the terminal. */
  stop(): void {
    this.#bar?.stop();
  }

  /** At the pace so far, as if no run ended early. */
  #timeLeft(): string {
    const done = this.#runsDone * this.#numIter + this.#iterationsOfRun;
    const seconds = (performance.now() - this.#begun) / 1000 / this.#iterations;
    return duration(seconds * (this.#runs * this.#numIter - done));
  }
}
