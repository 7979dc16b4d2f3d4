import { checkKnownOptions, checkOneOf } from '../check.ts';
import type { Device } from '../engine/device.ts';
import { OptionError } from '../errors.ts';
import { type HubOptions, hubOptionNames, hubOptions } from '../hub/settings.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { BertTokenizer } from '../tokenization/bert-tokenizer.ts';

export interface PipelineOptions extends HubOptions {
  /** A checkpoint's folder or name on the Hugging Face hub, or a loaded model, which stays its owner's to dispose of. */
  model: string | BertForTokenClassification;
  /** A folder, a name on the hub, or a loaded tokenizer. @default the model's; required with a loaded model */
  tokenizer?: string | BertTokenizer | undefined;
  /** How pieces are put together: `none` leaves each for itself. @default 'none' */
  aggregationStrategy?: 'none' | undefined;
  /** Pieces with these labels are left out. @default ['O'] */
  ignoreLabels?: readonly string[] | undefined;
  /** Where the model computes. @default 'auto', the first GPU where there is one; a loaded model's own */
  device?: Device | undefined;
}

/** The options with their defaults. */
export type CheckedPipelineOptions = {
  [Option in Exclude<keyof PipelineOptions, keyof HubOptions>]-?: NonNullable<PipelineOptions[Option]>;
} & { hub: HubOptions };

/** @throws OptionError */
export function checkPipelineOptions(options: PipelineOptions): CheckedPipelineOptions {
  checkKnownOptions('pipeline', options, [
    'model',
    'tokenizer',
    'aggregationStrategy',
    'ignoreLabels',
    'device',
    ...hubOptionNames,
  ]);
  const { model, aggregationStrategy = 'none', ignoreLabels = ['O'], device = 'auto' } = options;
  if (!isName(model) && !(model instanceof BertForTokenClassification)) {
    throw new OptionError('model', 'a folder or a BertForTokenClassification', model);
  }
  const tokenizer = options.tokenizer ?? (isName(model) ? model : undefined);
  if (!isName(tokenizer) && !(tokenizer instanceof BertTokenizer)) {
    const remedy = 'A loaded model does not know the folder of its tokenizer';
    throw new OptionError(
      'tokenizer',
      'a folder or a BertTokenizer',
      tokenizer,
      tokenizer === undefined ? remedy : undefined,
    );
  }
  checkOneOf('aggregationStrategy', aggregationStrategy, ['none']);
  if (!Array.isArray(ignoreLabels) || ignoreLabels.some(label => typeof label !== 'string')) {
    throw new OptionError('ignoreLabels', 'a list of labels', ignoreLabels);
  }
  if (!isName(model) && device !== 'auto' && device !== model.device) {
    throw new OptionError('device', `${model.device}, where the loaded model computes,`, device);
  }
  return {
    model,
    tokenizer,
    aggregationStrategy,
    ignoreLabels: [...ignoreLabels],
    device,
    hub: hubOptions(options),
  };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
