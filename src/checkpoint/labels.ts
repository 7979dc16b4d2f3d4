import { checkInteger } from '../check.ts';
import { OptionError } from '../errors.ts';

/** The labels of a classifier, a place in the list being the label id. */
export type LabelList = readonly string[];

/** `id2label` as config.json and a model's config have it. */
export type Id2Label = Record<number, string>;

export interface LabelOptions {
  /** How many labels the classifier has. Alone it keeps the checkpoint's labels if their number agrees. */
  numLabels?: number | undefined;
  /** The labels, as a list or as a record from label id to label. */
  id2label?: LabelList | Readonly<Id2Label> | undefined;
}

/** Raises the error for a key of a config or an option: what was expected for it and what came instead. */
export type Refuse = (key: string, expected: string, received: unknown) => never;

/** Reads labels given as a list or as a record, whose keys must be 0, 1, 2, … without a gap. */
export function parseId2Label(value: unknown, refuse: Refuse): string[] {
  const expected = 'a list of labels, or a record from label ids, 0, 1, 2, …, to labels,';
  if (typeof value !== 'object' || value === null) return refuse('id2label', expected, value);
  const labels: string[] = [];
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  for (let id = 0; id < count; id++) {
    if (!Object.hasOwn(value, id)) refuse('id2label', `${expected} without a gap`, `no label ${id}`);
    const label: unknown = (value as Record<number, unknown>)[id];
    if (typeof label !== 'string' || label === '') refuse(`id2label[${id}]`, 'a non-empty string', label);
    else labels.push(label);
  }
  if (labels.length === 0) refuse('id2label', `${expected} with at least one label`, value);
  const seen = new Set<string>();
  for (const label of labels) {
    if (seen.has(label)) refuse('id2label', 'labels that differ from each other', label);
    seen.add(label);
  }
  return labels;
}

/** Reads a record from label to label id, whose ids must be 0, 1, 2, … without a gap. */
export function parseLabel2Id(value: unknown, refuse: Refuse): string[] {
  const expected = 'a record from labels to label ids 0, 1, 2, …';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('label2id', expected, value);
  }
  const byId = new Map<unknown, string>();
  for (const [label, id] of Object.entries(value)) {
    if (byId.has(id)) refuse('label2id', 'an id of its own for each label', `${id} for ${label}`);
    byId.set(id, label);
  }
  return Array.from({ length: byId.size }, (_, id) => {
    const label = byId.get(id);
    return label === undefined ? refuse('label2id', expected, `no label ${id}`) : label;
  });
}

/** What transformers calls labels without names. */
export function unnamedLabels(count: number): string[] {
  return Array.from({ length: count }, (_, id) => `LABEL_${id}`);
}

/** Label ids by label; safe for a label such as `__proto__`. */
export function label2idOf(labels: LabelList): Record<string, number> {
  return Object.fromEntries(labels.map((label, id) => [label, id]));
}

/**
 * The labels that a model gets: `id2label` if given; else those of the checkpoint, unless `numLabels` asks for another
 * number, which then get the names LABEL_0, LABEL_1, ….
 *
 * @throws OptionError if `numLabels` and `id2label` contradict each other, or if there are no labels at all
 */
export function resolveLabels(checkpointLabels: LabelList, options: LabelOptions): string[] {
  const numLabels =
    options.numLabels === undefined ? undefined : checkInteger('numLabels', options.numLabels, 1);
  if (options.id2label !== undefined) {
    const labels = parseId2Label(options.id2label, (key, expected, received) => {
      throw new OptionError(key, expected, received);
    });
    if (numLabels !== undefined && numLabels !== labels.length) {
      throw new OptionError('numLabels', `${labels.length}, the number of labels in id2label,`, numLabels);
    }
    return labels;
  }
  if (numLabels !== undefined && numLabels !== checkpointLabels.length) return unnamedLabels(numLabels);
  if (checkpointLabels.length > 0) return [...checkpointLabels];
  throw new OptionError(
    'id2label',
    'the labels of the task, because the checkpoint has none,',
    undefined,
    'Give id2label or numLabels',
  );
}
