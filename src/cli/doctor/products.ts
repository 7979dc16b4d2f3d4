import { checkMatrixPath, usesFusedKernels } from '../../engine/matrix-path.ts';
import { unknownWithoutAddon } from './addon.ts';
import type { EngineState } from './engine-state.ts';
import { type Finding, messageOf, ok, problem, warning } from './fact.ts';

/* How a CPU multiplies and what it computes between the products. */

const PRODUCTS = ['forward', 'backward by input', 'backward by weight'];

/**
 * The libraries of float32 products.
 *
 * @param again the command that measures them anew
 */
export function matrixPath(
  engine: EngineState,
  again: string,
  chosen = process.env.NERBERT_MATRIX_PATH,
): Finding {
  if (chosen) {
    try {
      checkMatrixPath('NERBERT_MATRIX_PATH', chosen);
    } catch (error) {
      const remedies = ['unset NERBERT_MATRIX_PATH: what was measured is then taken'];
      return problem(messageOf(error), remedies, { chosen });
    }
  }
  if (!engine.loads) return chosen ? ok(overruled(chosen), { path: chosen, chosen }) : unknownWithoutAddon();
  const { file, kept, measured } = engine.matrixPath;
  const best = measured?.path ?? kept;
  const values = { path: chosen || (best ?? null), chosen: chosen || null, measured: best ?? null, file };
  const lead = chosen ? `${overruled(chosen)}; without it: ` : '';
  if (best === undefined)
    return ok(`${lead}not measured yet: the first model that is loaded does it, or ${again}`, values);
  const found = `${librariesOf(best)} (measured ${measured ? 'now' : 'before'}`;
  if (measured?.notKept === undefined) return ok(`${lead}${found}, kept in ${file}; anew: ${again})`, values);
  const remedies = ['set NERBERT_CACHE to a folder that you may write to'];
  return warning(`${lead}${found}, but not kept: ${measured.notKept})`, remedies, values);
}

function overruled(chosen: string): string {
  return `${librariesOf(chosen)}, as NERBERT_MATRIX_PATH says`;
}

export function kernels(): Finding {
  const remedies = ['unset NERBERT_KERNELS'];
  try {
    if (usesFusedKernels()) return ok('fused', { kernels: 'fused' });
    return warning("ATen's operations, slower, as NERBERT_KERNELS says", remedies, { kernels: 'aten' });
  } catch (error) {
    return problem(messageOf(error), remedies, { chosen: process.env.NERBERT_KERNELS });
  }
}

function librariesOf(path: string): string {
  const libraries = path.split(' ');
  return [...new Set(libraries)]
    .map(library => `${nameOf(library)}: ${PRODUCTS.filter((_, i) => libraries[i] === library).join(', ')}`)
    .join('; ');
}

function nameOf(library: string): string {
  if (library === 'onednn') return 'oneDNN';
  if (library !== 'aten') return library;
  return process.arch === 'x64' ? 'MKL by ATen' : 'ATen';
}
