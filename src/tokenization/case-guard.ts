/** A lower-cased vocabulary may hold a few entries that its makers' Unicode could not lower-case. */
const casedShare = 0.01;

export interface CaseDecision {
  readonly doLowerCase: boolean;
  /** To be said aloud: the checkpoint's files do not settle it. */
  readonly note: string;
}

/**
 * Decides whether to lower-case where no file says it: as the vocabulary shows, for lower-cased text never meets an
 * entry with capitals. But a checkpoint that brings a trained token classifier was trained with what transformers
 * did then without being told, that is lower-cased, whatever its vocabulary.
 */
export function decideCase(pieces: readonly string[], trainedClassifier: boolean): CaseDecision {
  const ordinary = pieces.filter(piece => piece !== '' && !/^\[.*\]$/.test(piece));
  const cased = ordinary.filter(piece => piece.toLowerCase() !== piece).length;
  const counted = `${cased} of ${ordinary.length} vocabulary entries have capitals`;
  if (cased < casedShare * ordinary.length) {
    return {
      doLowerCase: true,
      note: `No file says whether to lower-case text; ${counted}, so it is lower-cased. ${remedy(false)}`,
    };
  }
  if (trainedClassifier) {
    return {
      doLowerCase: true,
      note:
        `No file says whether to lower-case text; ${counted}, but the checkpoint brings a trained token classifier ` +
        `and lower-casing was the default that such ones were trained with, so text is lower-cased. ` +
        remedy(false),
    };
  }
  return {
    doLowerCase: false,
    note: `No file says whether to lower-case text; ${counted}, so its case is kept. ${remedy(true)}`,
  };
}

function remedy(otherwise: boolean): string {
  return `If that is wrong, set do_lower_case to ${otherwise} in its tokenizer_config.json, or pass doLowerCase: ${otherwise}`;
}
