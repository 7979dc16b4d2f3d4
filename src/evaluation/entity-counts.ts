import { checkBoolean, checkKnownOptions, checkOneOf } from '../check.ts';
import { OptionError } from '../errors.ts';
import { ChunkReader, chunkTagParser, type EntitySpan, type SpanReader } from './entities.ts';
import { detectScheme, SCHEMES, type Scheme, StrictReader, schemeTagParser } from './schemes.ts';
import { checkSameLength, type Tag, type TagParser } from './tags.ts';
import { type Tally, tallyOf } from './tally.ts';

/** How entities are read from tags. */
export interface EntityOptions {
  /** 'strict': an entity counts only if its tags follow the scheme. Default: as conlleval reads tags. */
  mode?: 'strict' | undefined;
  /** Of strict mode; null finds it from the gold tags. Elsewhere ignored, as in seqeval. @default null */
  scheme?: Scheme | null | undefined;
  /** Tags end with their prefix (`protein-B`) instead of beginning with it. @default false */
  suffix?: boolean | undefined;
}

/**
 * Counts annotated, predicted and correctly predicted entities, sentence by sentence. An entity is correct if its type,
 * its first and its last word are.
 */
export class EntityCounts {
  readonly #parser: TagParser<Tag>;
  readonly #gold: SpanReader;
  readonly #predicted: SpanReader;
  readonly #byType = new Map<string, Tally>();
  #sentences = 0;

  /** Strict mode needs its scheme here: it cannot be found before all sentences are known. */
  constructor(options: EntityOptions = {}) {
    checkKnownOptions('EntityCounts', options, ['mode', 'scheme', 'suffix']);
    const suffix = checkBoolean('suffix', options.suffix ?? false);
    if (isStrict(options)) {
      const scheme = checkOneOf('scheme', options.scheme, SCHEMES);
      this.#parser = schemeTagParser(scheme, suffix);
      this.#gold = new StrictReader(scheme);
      this.#predicted = new StrictReader(scheme);
    } else {
      this.#parser = chunkTagParser(suffix);
      this.#gold = new ChunkReader();
      this.#predicted = new ChunkReader();
    }
  }

  /** Counts by type, of every type annotated or predicted so far. */
  get byType(): ReadonlyMap<string, Readonly<Tally>> {
    return this.#byType;
  }

  /** Adds a sentence: its gold and its predicted tags. Throws an OptionError, counting nothing, if they cannot be. */
  add(yTrue: readonly string[], yPred: readonly string[]): void {
    const sentence = this.#sentences;
    const goldTags = this.#parser.parse(`yTrue[${sentence}]`, yTrue);
    const predictedTags = this.#parser.parse(`yPred[${sentence}]`, yPred);
    checkSameLength(`yPred[${sentence}]`, goldTags, predictedTags, 'tags');
    this.#sentences++;
    const gold = this.#gold.spans(goldTags);
    const predicted = this.#predicted.spans(predictedTags);
    for (const [type] of gold) tallyOf(this.#byType, type).actual++;
    for (const [type] of predicted) tallyOf(this.#byType, type).predicted++;
    for (const [type] of commonSpans(gold, predicted)) tallyOf(this.#byType, type).correct++;
  }
}

/** Counts the entities of a whole evaluation set. Throws an OptionError for what cannot be counted. */
export function countEntities(
  yTrue: readonly (readonly string[])[],
  yPred: readonly (readonly string[])[],
  options: EntityOptions,
): EntityCounts {
  checkSentences('yTrue', yTrue);
  checkSentences('yPred', yPred);
  checkSameLength('yPred', yTrue, yPred, 'sentences');
  if (yTrue.length === 0) throw new OptionError('yTrue', 'at least one sentence', yTrue);
  const { mode, suffix } = options;
  const scheme = isStrict(options) ? (options.scheme ?? detectScheme(yTrue, suffix)) : null;
  const counts = new EntityCounts({ mode, scheme, suffix });
  for (const [i, tags] of yTrue.entries()) counts.add(tags, yPred[i] ?? []);
  return counts;
}

function isStrict({ mode }: EntityOptions): boolean {
  return mode !== undefined && checkOneOf('mode', mode, ['strict']) === 'strict';
}

function checkSentences(option: string, sentences: unknown): void {
  if (!Array.isArray(sentences) || !sentences.every(Array.isArray)) {
    throw new OptionError(option, 'an array of sentences, each an array of tags', sentences);
  }
}

/** What two lists of entities share; in each, ends ascend. */
function* commonSpans(a: readonly EntitySpan[], b: readonly EntitySpan[]): Generator<EntitySpan> {
  let next = 0;
  for (const span of a) {
    while ((b[next]?.[2] ?? Infinity) < span[2]) next++;
    const other = b[next];
    if (other && span.every((part, i) => part === other[i])) yield span;
  }
}
