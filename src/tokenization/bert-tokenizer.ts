import { checkBoolean, checkInteger, checkKnownOptions, checkString } from '../check.ts';
import { OptionError } from '../errors.ts';
import { decideCase } from './case-guard.ts';
import { PieceEncoder, type TextPiece } from './piece-encoder.ts';
import { noteRepeated } from './resolve-settings.ts';
import { saveTokenizer } from './save-tokenizer.ts';
import type { TokenizerSettings } from './settings.ts';
import { idOf, settleSpecialTokens } from './special-tokens.ts';

/** A text as a model takes it. All lists are of one length. */
export interface Encoding {
  ids: number[];
  pieces: string[];
  /** `[start, end)` in UTF-16 units, of the text or within each word of a list; `[0, 0]` for special tokens. */
  offsets: [start: number, end: number][];
  /**
   * Of a list: the index of the word. Of a text: counts the parts that white space and punctuation make of it. Null
   * for special tokens.
   */
  wordIds: (number | null)[];
}

export interface VocabularyOptions {
  /** Default: as the vocabulary shows. */
  doLowerCase?: boolean;
  /** Null, the default, follows `doLowerCase`. */
  stripAccents?: boolean | null;
  /** Set ideographs apart from one another. Default true. */
  tokenizeChineseChars?: boolean;
  /** The longest sequence of the model, with special tokens. */
  modelMaxLength?: number;
}

/** Words beyond this number make the cache of `encodeWord` begin anew. */
const maxCachedWords = 2 ** 18;

/**
 * BERT's tokenizer: splits text at white space and punctuation, and words into pieces of its vocabulary. It never
 * truncates and never pads. Made by `AutoTokenizer.fromPretrained` or `BertTokenizer.fromVocabulary`.
 */
export class BertTokenizer {
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  readonly unkId: number;
  /** The number of ids, added tokens included. */
  readonly vocabSize: number;
  readonly doLowerCase: boolean;
  /** The longest sequence of the model, with special tokens, where its files say so; nothing here enforces it. */
  readonly modelMaxLength: number | undefined;
  /** What was decided in loading and users should be told; printing is the caller's. */
  readonly notes: readonly string[];

  readonly #settings: TokenizerSettings;
  readonly #encoder: PieceEncoder;
  readonly #pieceOf: readonly string[];
  readonly #words = new Map<string, Int32Array>();

  /** @internal */
  constructor(settings: TokenizerSettings, notes: readonly string[] = []) {
    this.#settings = settings;
    this.#encoder = new PieceEncoder(settings);
    const pieceOf = [...settings.pieces];
    for (const { id, content } of settings.addedTokens) pieceOf[id] = content;
    this.#pieceOf = Array.from(pieceOf, piece => piece ?? '');
    this.vocabSize = pieceOf.length;
    this.clsId = idOf('cls', settings);
    this.sepId = idOf('sep', settings);
    this.padId = idOf('pad', settings);
    this.unkId = idOf('unk', settings);
    this.doLowerCase = settings.doLowerCase;
    this.modelMaxLength = settings.modelMaxLength;
    this.notes = notes;
  }

  /**
   * A tokenizer of `pieces` by id: continuing pieces begin with `##`; `[UNK]`, `[SEP]`, `[PAD]` and `[CLS]` must be
   * among them, `[MASK]` may. Throws an OptionError for a vocabulary or option that cannot be used.
   */
  static fromVocabulary(pieces: readonly string[], options: VocabularyOptions = {}): BertTokenizer {
    checkKnownOptions('fromVocabulary', options, [
      'doLowerCase',
      'stripAccents',
      'tokenizeChineseChars',
      'modelMaxLength',
    ]);
    const { doLowerCase, stripAccents = null, tokenizeChineseChars = true, modelMaxLength } = options;
    if (doLowerCase !== undefined) checkBoolean('doLowerCase', doLowerCase);
    if (stripAccents !== null) checkBoolean('stripAccents', stripAccents);
    checkBoolean('tokenizeChineseChars', tokenizeChineseChars);
    if (modelMaxLength !== undefined) checkInteger('modelMaxLength', modelMaxLength, 1);
    if (!Array.isArray(pieces)) throw new OptionError('pieces', 'a list of pieces', pieces);
    pieces.forEach((piece, id) => {
      if (typeof piece !== 'string' || /[\r\n]/.test(piece)) {
        throw new OptionError(`pieces[${id}]`, 'a string without line breaks', piece);
      }
    });
    const { missing, ...special } = settleSpecialTokens(pieces, [], { roles: {}, additional: [] });
    if (missing.length > 0) {
      throw new OptionError('pieces', `a vocabulary with ${missing.join(', ')}`, pieces);
    }
    const decision = doLowerCase === undefined ? decideCase(pieces, false) : undefined;
    const settings: TokenizerSettings = {
      pieces: [...pieces],
      ...special,
      doLowerCase: doLowerCase ?? decision?.doLowerCase ?? true,
      stripAccents,
      tokenizeChineseChars,
      cleanText: true,
      continuingSubwordPrefix: '##',
      maxInputCharsPerWord: 100,
      modelMaxLength,
    };
    return new BertTokenizer(settings, [...(decision ? [decision.note] : []), ...noteRepeated(pieces)]);
  }

  /** The same tokenizer with another word on lower-casing. @internal */
  withCase(doLowerCase: boolean): BertTokenizer {
    return new BertTokenizer({ ...this.#settings, doLowerCase });
  }

  /** Whether entries of the vocabulary have capitals, more than a few. @internal */
  get hasCasedVocabulary(): boolean {
    return !decideCase(this.#settings.pieces, false).doLowerCase;
  }

  /**
   * Encodes a text, or a list of words each for itself (no piece spans two words, and a word may have none).
   * `addSpecialTokens`, true by default, puts [CLS] before and [SEP] behind.
   */
  encode(text: string | readonly string[], options: { addSpecialTokens?: boolean } = {}): Encoding {
    checkKnownOptions('encode', options, ['addSpecialTokens']);
    const special = checkBoolean('addSpecialTokens', options.addSpecialTokens ?? true);
    const encoding: Encoding = { ids: [], pieces: [], offsets: [], wordIds: [] };
    const add = (id: number, piece: string, start: number, end: number, wordId: number | null) => {
      encoding.ids.push(id);
      encoding.pieces.push(piece);
      encoding.offsets.push([start, end]);
      encoding.wordIds.push(wordId);
    };
    if (special) add(this.clsId, this.#settings.specialTokens.cls, 0, 0, null);
    if (Array.isArray(text)) {
      text.forEach((word, index) => {
        for (const { id, piece, start, end } of this.#piecesOf(word, `text[${index}]`)) {
          add(id, piece, start, end, index);
        }
      });
    } else {
      for (const { id, piece, start, end, word } of this.#piecesOf(
        text,
        'text',
        'a string or a list of words',
      )) {
        add(id, piece, start, end, word);
      }
    }
    if (special) add(this.sepId, this.#settings.specialTokens.sep, 0, 0, null);
    return encoding;
  }

  /** The pieces of a text, without special tokens. */
  tokenize(text: string): string[] {
    return this.#piecesOf(text, 'text').map(({ piece }) => piece);
  }

  /**
   * The piece ids of one word, without special tokens; none for a word of control characters only. Kept for each
   * distinct word and handed out again: do not write to it.
   */
  encodeWord(word: string): Int32Array {
    let ids = this.#words.get(word);
    if (ids === undefined) {
      ids = Int32Array.from(this.#piecesOf(word, 'word'), ({ id }) => id);
      if (this.#words.size >= maxCachedWords) this.#words.clear();
      this.#words.set(word, ids);
    }
    return ids;
  }

  /** The pieces that ids stand for, special tokens among them. Throws an OptionError for an id without a piece. */
  convertIdsToTokens(ids: ArrayLike<number>): string[] {
    return Array.from(ids, (id, i) => {
      const piece = this.#pieceOf[id];
      if (piece !== undefined) return piece;
      throw new OptionError(`ids[${i}]`, `an id below ${this.vocabSize}`, id);
    });
  }

  /**
   * Writes vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json to a folder, which is made
   * where there is none; whether to lower-case is written also where it was guessed. Each file is replaced whole or
   * not at all. Throws a NerbertError (`ERR_IO`) that names what could not be written.
   */
  savePretrained(dir: string): Promise<void> {
    return saveTokenizer(this.#settings, checkString('dir', dir));
  }

  #piecesOf(text: unknown, name: string, expected = 'a string'): TextPiece[] {
    if (typeof text === 'string') return this.#encoder.encode(text);
    throw new OptionError(name, expected, text);
  }
}
