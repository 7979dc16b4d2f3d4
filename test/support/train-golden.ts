import { readFileSync } from 'node:fs';
import { checkpoint } from './checkpoints.ts';
import { goldenBatch } from './golden-batches.ts';
import { readSafetensors } from './safetensors.ts';
import { fixture } from './shared.ts';

export interface GoldenStep {
  lr: number;
  losses: number[];
  loss: number;
  grad_norm: number;
  micro_batches: number[];
}

interface TrainGolden {
  first_micro_batch: { loss: number; grad_norm: number };
  parameters: { name: string; shape: number[] }[];
  trajectories: Record<'adam_l2_sum_clip' | 'adamw_token_mean' | 'bf16_autocast', { steps: GoldenStep[] }>;
  zero_gradient_in_theory: string[];
}

/** The tiny model that all golden training begins from. */
export const tinyModel = checkpoint('tc-safetensors');

/** Training as PyTorch did it: the losses, norms and rates of each step. */
export const trainGolden: TrainGolden = JSON.parse(readFileSync(fixture('goldens', 'train.json'), 'utf8'));

/** Its gradients (`grad.NAME`) and final parameters (`final.TRAJECTORY.NAME`). */
export const trainTensors = readSafetensors(fixture('goldens', 'train.safetensors'));

const microBatch = (i: number) => goldenBatch(trainTensors, `micro_batch.${i}.`);

export const microBatches = [microBatch(0), microBatch(1), microBatch(2), microBatch(3)] as const;

/** The goldens were made without dropout. */
export const noDropout = { hiddenDropoutProb: 0, attentionProbsDropoutProb: 0, classifierDropout: 0 };
