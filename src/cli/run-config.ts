import { join, resolve } from 'node:path';
import { libtorchInfo, loadNative } from '../engine/native.ts';
import { makeFolder, writeFileAtomically } from '../files.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { jsonText } from '../training/outputs/report.ts';
import { version } from '../version.ts';
import type { DataSource } from './data-source.ts';
import type { TrainRun } from './train.ts';

/** The file that tells how a run was made; config.json is the model's. */
const FILE = 'run_config.json';

/**
 * Writes the options of a run, resolved, and with what and on what it is made; `--config` reads the file again.
 *
 * @param checkpoint the folder that the model was loaded from
 */
export async function writeRunConfig(
  source: DataSource,
  checkpoint: string,
  run: TrainRun,
  model: BertForTokenClassification,
): Promise<void> {
  const { libtorch, threads, cpuCapability } = loadNative().runtimeInfo();
  const { trainFile, evalFile, testFile } = source;
  const files = { trainFile, evalFile, testFile, model: checkpoint };
  await makeFolder(run.outputDir);
  await writeFileAtomically(
    join(run.outputDir, FILE),
    jsonText({
      startedAt: new Date().toISOString(),
      options: resolvedOptions(source, run),
      files: Object.fromEntries(Object.entries(files).map(([name, path]) => [name, path && resolve(path)])),
      labels: model.config.id2label,
      versions: {
        nerbert: version,
        node: process.versions.node,
        libtorch: libtorchInfo().version,
        addon: libtorch,
      },
      machine: {
        platform: process.platform,
        arch: process.arch,
        device: model.device,
        dtype: model.dtype,
        matrixPath: model.session.matrixPath,
        threads,
        cpuCapability,
      },
    }),
  );
}

/** In such a way that the same command would take them again, into whatever folder. */
function resolvedOptions({ kind, ...source }: DataSource, run: TrainRun): Partial<TrainRun> {
  const { overwrite, resume, outputDir, plan, warmupRatio, ...options } = run;
  const { trainFile, evalFile, testFile, model } = source;
  return {
    ...(kind === 'corpus folder' && {
      trainFile,
      ...(evalFile && { evalFile }),
      ...(testFile && { testFile }),
    }),
    ...(kind !== 'demo' && { model }),
    ...options,
    ...(run.warmupSteps === undefined && { warmupRatio }),
    freezeEmbeddings: run.freezeEmbeddings || run.freezeLayers > 0,
  };
}
