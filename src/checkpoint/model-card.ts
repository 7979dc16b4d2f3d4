import { plainText, table } from './markdown.ts';

/** Scores of a type of entities, or of an average. */
export interface CardScore {
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

/** Sentences that a model was trained or scored on. */
export interface CardData {
  /** Such as `training`. */
  part: string;
  sentences: number;
  words: number;
  /** How many words carry each tag. */
  tags: Readonly<Record<string, number>>;
}

/** How a model was trained, for its card. */
export interface CardTraining {
  /** Where the sentences come from. */
  source: string | undefined;
  data: readonly CardData[];
  /** Settings by their names, as they are to be read. */
  settings: Readonly<Record<string, string>>;
  /** The epoch that was saved, from 1, and how many there were to be. */
  epoch: number;
  nEpochs: number;
  /** Of that epoch on the validation data. */
  scores:
    | {
        entities: {
          perType: Readonly<Record<string, CardScore>>;
          micro: CardScore;
          macro: CardScore;
          weighted: CardScore;
        };
        accuracy: number;
        lossVal: number;
      }
    | undefined;
}

export interface ModelCardFacts {
  /** The heading. */
  name: string;
  /** The checkpoint that the model was loaded from; undefined: it was trained from scratch. */
  base: { name: string; onHub: boolean } | undefined;
  labels: readonly string[];
  layers: number;
  hiddenSize: number;
  parameters: number;
  training: CardTraining | undefined;
  /** Such as 2026-01-31. */
  date: string;
  /** Versions by the name of the program. */
  versions: Readonly<Record<string, string>>;
}

/** By this a card is known that nobody has taken over, so that it may be replaced. */
export const cardMarker =
  '<!-- Written by nerbert, and replaced by its next training run here unless this line goes. -->';

/** The text of a model card, README.md: front matter as the hub reads it, then Markdown. */
export function modelCard(facts: ModelCardFacts): string {
  const { training, date, versions } = facts;
  const made = Object.entries(versions).map(
    ([program, version]) => `${plainText(program)} ${plainText(version)}`,
  );
  return [
    frontMatter(facts),
    cardMarker,
    `# ${plainText(facts.name)}`,
    summary(facts),
    usage,
    ...(training ? [dataSection(training), settingsSection(training), ...scoresSection(training)] : []),
    `## Made with\n\n${made.join(', ')}; ${date}.`,
  ]
    .join('\n\n')
    .concat('\n');
}

function frontMatter({ base }: ModelCardFacts): string {
  return `---
# A licence is yours to choose, minding those of the base model and of the data; then take the number sign away:
# license: apache-2.0
library_name: transformers
pipeline_tag: token-classification
${base?.onHub ? `base_model: ${JSON.stringify(base.name)}\n` : ''}tags:
- token-classification
- named-entity-recognition
- bert
- nerbert
---`;
}

function summary({ base, labels, layers, hiddenSize, parameters }: ModelCardFacts): string {
  const origin = base ? `made from ${plainText(base.name)}` : 'made from scratch';
  const size = `${layers} layers, hidden size ${count(hiddenSize)}, ${count(parameters)} parameters`;
  return `A BERT for named entity recognition (token classification), ${origin}: ${size}.

Labels: ${labels.map(plainText).join(', ')}.`;
}

const usage = `## Use

In Python, from transformers:

    pipeline("token-classification", model="FOLDER_OR_NAME")

In Node.js, from nerbert:

    await pipeline('ner', { model: 'FOLDER_OR_NAME' })`;

function dataSection({ source, data }: CardTraining): string {
  const text = source === undefined ? [] : [`${plainText(source)}.`];
  if (data.length === 0) return ['## Data', ...text, 'Sentences and tags were not counted.'].join('\n\n');
  const tags = [...new Set(data.flatMap(part => Object.keys(part.tags)))];
  const rows = [
    ['', ...data.map(({ part }) => plainText(part))],
    ['sentences', ...data.map(({ sentences }) => count(sentences))],
    ['words', ...data.map(({ words }) => count(words))],
    ...tags.map(tag => [plainText(tag), ...data.map(part => count(part.tags[tag] ?? 0))]),
  ];
  return ['## Data', ...text, 'Words by tag:', table(rows)].join('\n\n');
}

function settingsSection({ settings }: CardTraining): string {
  const rows = Object.entries(settings).map(([name, value]) => [plainText(name), plainText(value)]);
  return `## Training\n\n${table([['setting', 'value'], ...rows], '---')}`;
}

function scoresSection({ scores, epoch, nEpochs }: CardTraining): string[] {
  if (scores === undefined) return [];
  const { perType, micro, macro, weighted } = scores.entities;
  const row = (name: string, { precision, recall, f1, support }: CardScore) => [
    name,
    ...[precision, recall, f1].map(score),
    count(support),
  ];
  const rows = [
    ['entities', 'precision', 'recall', 'F1', 'support'],
    ...Object.entries(perType).map(([type, scoreOfType]) => row(plainText(type), scoreOfType)),
    row('micro average', micro),
    row('macro average', macro),
    row('weighted average', weighted),
  ];
  return [
    `## Scores

On the validation data, which chose the epoch (${epoch} of ${nEpochs}). An entity is right if type, first and last word
are; a word without a prediction counts as outside.`,
    table(rows),
    `Words with the right tag: ${score(scores.accuracy)}. Loss: ${score(scores.lossVal)} per word.`,
  ];
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function score(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : '–';
}
