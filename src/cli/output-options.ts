import { checkBoolean } from '../check.ts';
import { type OptionSpec, oneOf } from './command-options.ts';

/** What a run writes beside its checkpoint: options of `train`. */
export interface OutputOptions {
  report: boolean;
  history: boolean;
  tensorboard: boolean;
  figures: boolean;
  figureTheme: 'light' | 'dark' | 'both';
}

export const outputDefaults: OutputOptions = {
  report: true,
  history: true,
  tensorboard: true,
  figures: true,
  figureTheme: 'both',
};

export const outputSpecs: readonly OptionSpec<OutputOptions>[] = [
  {
    name: 'report',
    description: 'write no classification_report.txt, report.json and test reports',
    check: checkBoolean,
  },
  { name: 'history', description: 'write no history.jsonl', check: checkBoolean },
  { name: 'tensorboard', description: 'write no event files for TensorBoard', check: checkBoolean },
  { name: 'figures', description: 'draw no curves', check: checkBoolean },
  {
    name: 'figureTheme',
    value: 'THEME',
    description: 'of the curves: light, dark or both',
    check: oneOf('light', 'dark', 'both'),
  },
];
