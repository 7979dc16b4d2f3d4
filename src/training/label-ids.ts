import { OptionError } from '../errors.ts';

/**
 * Refuses label ids that differ from the model's: training or scoring with them would go wrong in silence.
 *
 * @param labels the labels to compare, by default those of `labels2ind`
 * @throws OptionError that names the first label with another id
 */
export function checkLabelIds(
  option: string,
  labels2ind: Readonly<Record<string, number>>,
  label2id: Readonly<Record<string, number>>,
  labels: Iterable<string> = Object.keys(labels2ind),
): void {
  for (const label of labels) {
    const id = labels2ind[label];
    const expected = label2id[label];
    if (id === expected) continue;
    throw new OptionError(
      `${option}[${JSON.stringify(label)}]`,
      expected === undefined ? 'no id, since the model has no such label,' : `${expected}, the model's id,`,
      id,
      'Load the model with id2label from these labels, or use model.config.label2id for all',
    );
  }
}
