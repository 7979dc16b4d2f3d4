import { join } from 'node:path';
import { FIGURE_THEMES } from '../../report/figure-theme.ts';
import type { TrainerEvent } from '../events.ts';
import type { TrainerSettings } from '../trainer-options.ts';
import { CurvesRecorder } from './curves.ts';
import { HistoryRecorder, rewindHistory } from './history.ts';
import type { Recorder } from './recorder.ts';
import { ReportRecorder } from './report.ts';
import { TensorBoardRecorder } from './tensorboard.ts';

export type OutputSettings = Pick<
  TrainerSettings,
  'outputDir' | 'metric' | 'history' | 'report' | 'tensorboard' | 'figures' | 'figureTheme'
>;

/** Passes on the events of a run, each when everything that is written of it is written. */
export async function* recorded(
  events: AsyncIterable<TrainerEvent>,
  settings: OutputSettings,
): AsyncGenerator<TrainerEvent, void> {
  const historyFile = join(settings.outputDir, 'history.jsonl');
  const recorders = recordersOf(settings, historyFile);
  try {
    for await (const event of events) {
      if (event.type === 'start' && event.resumed && settings.history) {
        for (const past of await rewindHistory(historyFile, event.resumed)) {
          if (past.type === 'checkpoint') continue;
          for (const recorder of recorders) recorder.recall(past);
        }
      }
      for (const recorder of recorders) await recorder.record(event);
      yield event;
    }
  } finally {
    await Promise.all(recorders.map(recorder => recorder.close()));
  }
}

function recordersOf(settings: OutputSettings, historyFile: string): Recorder[] {
  const { outputDir, metric, history, report, tensorboard, figures, figureTheme } = settings;
  return [
    ...(history ? [new HistoryRecorder(historyFile)] : []),
    ...(report ? [new ReportRecorder(outputDir, metric)] : []),
    ...(tensorboard ? [new TensorBoardRecorder(join(outputDir, 'tensorboard'))] : []),
    ...(figures
      ? [new CurvesRecorder(outputDir, figureTheme === 'both' ? FIGURE_THEMES : [figureTheme])]
      : []),
  ];
}
