import { checkOneOf } from '../check.ts';
import { DisposedError, OptionError } from '../errors.ts';
import { locateCheckpoint } from '../hub/checkpoint-folder.ts';
import type { HubOptions } from '../hub/settings.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { AutoTokenizer } from '../tokenization/auto-tokenizer.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { type Entity, pieceEntities } from './entities.ts';
import {
  type CheckedPipelineOptions,
  checkPipelineOptions,
  type PipelineOptions,
} from './pipeline-options.ts';
import { scoreTexts, windowCapacity } from './score-texts.ts';

/**
 * Finds the entities of a text, or of each of a list. A text beyond the model's maximum is seen in several windows,
 * broken between words, so that none is lost; a text without pieces has no entities.
 *
 * @throws OptionError for what is no text, DisposedError after `dispose()`, NativeError
 */
export interface TokenClassificationPipeline {
  (text: string): Promise<Entity[]>;
  (texts: readonly string[]): Promise<Entity[][]>;
  (text: string | readonly string[]): Promise<Entity[] | Entity[][]>;
  readonly model: BertForTokenClassification;
  readonly tokenizer: BertTokenizer;
  /** Waits for the calls under way, then frees the model if the pipeline loaded it. Idempotent. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A function from text to named entities, as transformers' pipeline of that name. A model whose classifier was neither
 * loaded nor trained is used with a warning of the process, as it is there.
 *
 * @throws OptionError, CheckpointError, NativeError
 */
export async function pipeline(
  task: 'ner' | 'token-classification',
  options: PipelineOptions,
): Promise<TokenClassificationPipeline> {
  checkOneOf('task', task, ['ner', 'token-classification']);
  const chosen = checkPipelineOptions(options);
  const { ignoreLabels, device } = chosen;
  const hub = await pinned(chosen);
  const tokenizer = await loadTokenizer(chosen.tokenizer, hub);
  const ownsModel = typeof chosen.model === 'string';
  const model =
    typeof chosen.model === 'string'
      ? await BertForTokenClassification.fromPretrained(chosen.model, { ...hub, device })
      : chosen.model;
  try {
    checkFit(model, tokenizer);
  } catch (error) {
    if (ownsModel) await model.dispose();
    throw error;
  }
  warnOfUntrained(model, typeof chosen.model === 'string' ? chosen.model : 'The model');

  const running = new Set<Promise<Entity[][]>>();
  let disposal: Promise<void> | undefined;

  async function classifyAll(texts: readonly string[]): Promise<Entity[][]> {
    const entities: Entity[][] = [];
    for await (const pieces of scoreTexts(model, tokenizer, texts)) {
      entities.push(pieceEntities(pieces, model.config.id2label, ignoreLabels));
    }
    return entities;
  }

  function classify(text: string): Promise<Entity[]>;
  function classify(texts: readonly string[]): Promise<Entity[][]>;
  function classify(text: string | readonly string[]): Promise<Entity[] | Entity[][]>;
  async function classify(text: string | readonly string[]): Promise<Entity[] | Entity[][]> {
    if (disposal) throw new DisposedError('pipeline');
    const call = classifyAll(checkTexts(text));
    running.add(call);
    try {
      const entities = await call;
      return typeof text === 'string' ? (entities[0] ?? []) : entities;
    } finally {
      running.delete(call);
    }
  }

  function dispose(): Promise<void> {
    disposal ??= Promise.allSettled(running).then(() => (ownsModel ? model.dispose() : undefined));
    return disposal;
  }

  return Object.assign(classify, { model, tokenizer, dispose, [Symbol.asyncDispose]: dispose });
}

/** Where model and tokenizer come from; of one name both are of one commit. */
async function pinned({ model, tokenizer, hub }: CheckedPipelineOptions): Promise<HubOptions> {
  if (typeof model !== 'string' || model !== tokenizer) return hub;
  return (await locateCheckpoint(model, 'checkpoint', hub)).options;
}

/** What a tokenizer that is loaded here had to guess is told as a warning of the process. */
async function loadTokenizer(tokenizer: string | BertTokenizer, hub: HubOptions): Promise<BertTokenizer> {
  if (typeof tokenizer !== 'string') return tokenizer;
  const loaded = await AutoTokenizer.fromPretrained(tokenizer, hub);
  for (const note of loaded.notes) process.emitWarning(note, 'NerbertWarning');
  return loaded;
}

/** Labels of a random classifier are answers like any others: nothing but a warning tells them apart. */
function warnOfUntrained({ newlyInitialised, trained }: BertForTokenClassification, name: string): void {
  if (newlyInitialised.length === 0 || trained) return;
  const shown =
    newlyInitialised.length > 4 ? `${newlyInitialised.length} parameters` : newlyInitialised.join(', ');
  process.emitWarning(
    `${name}: ${shown} newly initialised, no checkpoint filled them, so the labels are random. ` +
      'Fine-tune the model first, or name a checkpoint with a trained classifier',
    'NerbertWarning',
  );
}

function checkFit(model: BertForTokenClassification, tokenizer: BertTokenizer): void {
  if (tokenizer.vocabSize > model.config.vocabSize) {
    throw new OptionError(
      'tokenizer',
      `at most ${model.config.vocabSize} pieces, as many as the model has embeddings,`,
      `${tokenizer.vocabSize}`,
      'Give the tokenizer that the model was trained with',
    );
  }
  if (windowCapacity(model, tokenizer) < 1) {
    throw new OptionError('tokenizer', 'room for a piece beside [CLS] and [SEP]', 'a shorter maximum length');
  }
}

/** A copy, so that the caller may change the list while it is worked on. */
function checkTexts(text: unknown): string[] {
  if (typeof text === 'string') return [text];
  if (!Array.isArray(text)) throw new OptionError('text', 'a string or a list of strings', text);
  return text.map((item, i) => {
    if (typeof item !== 'string') throw new OptionError(`text[${i}]`, 'a string', item);
    return item;
  });
}
