export interface ClassificationReportInput {
  /** Reports of entities and of words. */
  reportEntities: string;
  reportTokens: string;
  /** The best epoch, from 1, and how many there were. */
  epoch: number;
  nEpochs: number;
  /** What it is the best by. */
  metric: string;
  /** Mean losses per labelled word. */
  lossTr: number;
  lossVal: number;
  sentences: number;
  scoredWords: number;
  /** Undefined where it is not known. */
  wordsLostToCut: number | undefined;
}

/** Both reports under their headings. */
export function scoreTables({
  reportEntities,
  reportTokens,
}: Pick<ClassificationReportInput, 'reportEntities' | 'reportTokens'>): string {
  return `Entities (type, first and last word right)

${reportEntities}
Words (one tag each)

${reportTokens}`;
}

/** The text of classification_report.txt. */
export function classificationReport(input: ClassificationReportInput): string {
  const count = (n: number) => n.toLocaleString('en-US');
  const { wordsLostToCut: lost } = input;
  const lostNote =
    lost === undefined
      ? ''
      : `; a single window a sentence would have lost ${count(lost)} of them, here they count`;
  return `${scoreTables(input)}
Best epoch: ${input.epoch} of ${input.nEpochs}, by ${input.metric}
Training loss: ${input.lossTr.toFixed(4)} per labelled word
Validation loss: ${input.lossVal.toFixed(4)} per labelled word
Scored: ${count(input.scoredWords)} words of ${count(input.sentences)} sentences${lostNote}
`;
}
