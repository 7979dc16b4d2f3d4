// @ts-check
/* What a training step computes at least, to compare with the speed of matrix products alone. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Floating-point operations a piece: 6 for each parameter of the encoder's linear layers (a multiplication and an addition
 * in the forward pass, for the gradient of the input, and for that of the weight). The last layer's query, output projection
 * and feed-forward are needed at labelled pieces only; keys and values at all. Attention's own products, which grow with the
 * length, and the classifier are left out.
 *
 * @param {string} folder of a checkpoint
 * @returns {Promise<(labelledShare: number) => number>}
 */
export async function operationsPerPiece(folder) {
  const {
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
  } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const square = hidden * hidden;
  const feedForward = 2 * hidden * intermediate;
  const layer = 4 * square + feedForward;
  return labelledShare =>
    6 * ((layers - 1) * layer + 2 * square + labelledShare * (2 * square + feedForward));
}
