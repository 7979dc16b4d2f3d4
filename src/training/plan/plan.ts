import type { DataLoader } from '../../data/dataloader.ts';
import { type DataFacts, dataFacts, windowLengths } from '../../data/facts.ts';
import { estimateMemory, type MemoryEstimate, type MemoryInput } from './memory.ts';

/** What a run will do, known before it begins. */
export interface Plan {
  training: DataFacts;
  evaluation: DataFacts | undefined;
  /** Tags of only one of the two. */
  onlyInTraining: string[];
  onlyInEvaluation: string[];
  epochs: number;
  stepsPerEpoch: number;
  /** Optimizer steps in all. */
  steps: number;
  memory: MemoryEstimate;
}

export interface PlanInput
  extends Omit<MemoryInput, 'training' | 'evaluation' | 'stepSize' | 'evaluationBatchSize'> {
  training: DataLoader;
  evaluation: DataLoader | undefined;
  epochs: number;
  accumulateGradEvery: number;
}

export function planOf({ training, evaluation, epochs, accumulateGradEvery, ...machine }: PlanInput): Plan {
  const facts = {
    training: dataFacts(training.dataset),
    evaluation: evaluation && dataFacts(evaluation.dataset),
  };
  const [trainingTags, evaluationTags] = [facts.training.tags, facts.evaluation?.tags];
  const missing = (tags: Record<string, number>, from: Record<string, number> | undefined) =>
    from ? Object.keys(tags).filter(tag => !(tag in from)) : [];
  const stepsPerEpoch = Math.ceil(training.length / accumulateGradEvery);
  return {
    ...facts,
    onlyInTraining: missing(trainingTags, evaluationTags),
    onlyInEvaluation: missing(evaluationTags ?? {}, trainingTags),
    epochs,
    stepsPerEpoch,
    steps: epochs * stepsPerEpoch,
    memory: estimateMemory({
      ...machine,
      training: windowLengths(training.dataset),
      evaluation: evaluation ? windowLengths(evaluation.dataset) : [],
      stepSize: training.batchSize * accumulateGradEvery,
      evaluationBatchSize: evaluation?.batchSize ?? 0,
    }),
  };
}
