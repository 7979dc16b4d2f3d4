import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { libtorchInfo, loadNative } from '../engine/native.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { scoreTables } from '../report/classification-report.ts';
import type { BestEpoch } from '../training/events.ts';
import { trainCaller } from './command-line.ts';
import { type DataSource, defaultModel } from './data-source.ts';
import { shellWord, shownPath } from './paths.ts';
import type { TrainRun } from './train.ts';

/* What `nerbert train` says beside the progress of training. */

export function describeSource({ kind, trainFile, evalFile, model }: DataSource): string {
  const files = [trainFile, evalFile].filter(file => file !== undefined).map(shownPath);
  if (kind !== 'demo') {
    const chosen = model === defaultModel ? ', the default of --model' : '';
    return `Data: ${files.join(' and ')}\nModel: ${shownPath(model)}${chosen}`;
  }
  return `This is the built-in demo, because there is no --train-file and no corpus in ./data/JNLPBA.
It trains a tiny BERT from scratch on synthetic sentences, to show how everything
works; its scores say nothing about real text. Its data:
${files.map(file => `  ${file}\n`).join('')}Real data: put the corpus JNLPBA into ./data/JNLPBA (Genia4ERtask1.iob2 and
Genia4EReval1.iob2, or train.iob2 and test.iob2), or name IOB2 files of your own
with --train-file and --eval-file. Or have it fetched: --train-file jnlpba.
`;
}

/** The data as the model card names them: without folders, which are nobody else's business. */
export function dataSourceOf({ kind, about, trainFile, evalFile }: DataSource): string {
  if (kind === 'demo') return 'The synthetic demo corpus of nerbert: its scores say nothing about real text';
  if (about !== undefined) return about;
  const files = [trainFile, evalFile].filter(file => file !== undefined).map(file => basename(file));
  return `Files: ${files.join(' and ')}`;
}

/** What of a model is trained, where that is not all of it. */
export function describeFrozen({ config }: BertForTokenClassification, layers: number): string {
  const below = layers === 0 ? '' : ` and the lowest ${layers} of ${config.numHiddenLayers} layers`;
  return `Frozen: the embeddings${below}.`;
}

/** Where the model computes; `reason`: why in this type, if it was chosen. */
export function describeMachine(
  { device, dtype, session }: BertForTokenClassification,
  reason: string | undefined,
): string {
  const { threads, cpuCapability } = loadNative().runtimeInfo();
  const where =
    device === 'cpu'
      ? `the CPU, ${threads} of ${availableParallelism()} threads, ${cpuCapability}, ${describeMatrixPath(session.matrixPath)}`
      : device;
  const why = reason === undefined ? '' : ` (chosen by --dtype auto: ${reason})`;
  return `Computing on ${where}, in ${dtype}${why}, with libtorch ${libtorchInfo().version}.`;
}

/** Which library multiplies float32 matrices, for each of the three products of a layer. */
function describeMatrixPath(path: string): string {
  const [forward, input, weight] = path.replaceAll('aten', 'ATen').replaceAll('onednn', 'oneDNN').split(' ');
  if (forward === input && input === weight) return `float32 products by ${forward}`;
  return `float32 products by ${forward} (forward), ${input} and ${weight} (backward)`;
}

export function describeBest({ epoch, evaluation }: BestEpoch, epochs: number): string {
  return `\nBest epoch: ${epoch} of ${epochs}\n\n${scoreTables(evaluation).trimEnd()}`;
}

/** What the run left where, and what a user would do next. */
export function describeEnd(source: DataSource, run: TrainRun): string {
  const { outputDir: dir, report, figures, tensorboard } = run;
  const parts = ['model', 'tokenizer', ...(report ? ['reports'] : []), ...(figures ? ['figures'] : [])];
  const events = tensorboard
    ? `Its curves in TensorBoard: tensorboard --logdir ${shellWord(shownPath(dir))}\n`
    : '';
  return `
The run is in ${shownPath(dir)}: ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}.
${events}
${nextCommand(source, dir)}`;
}

function nextCommand(source: DataSource, dir: string): string {
  if (source.kind === 'demo') {
    return `Next, with real data and a pre-trained model (a folder, or owner/name on the Hugging Face hub):
  ${trainCaller()} --train-file train.iob2 --eval-file test.iob2 --model path/to/checkpoint`;
  }
  const example = fileURLToPath(new URL('../../examples/predict.mjs', import.meta.url));
  const words = [example, dir].map(path => shellWord(shownPath(path)));
  return `Next, to see what the model says of a sentence:\n  node ${words.join(' ')} "Your sentence."`;
}
