import { spawnSync } from 'node:child_process';

/** The Python that NERBERT_PYTHON names, if it can import a module. */
export function pythonWith(module: string): string | undefined {
  const python = process.env.NERBERT_PYTHON;
  if (python === undefined) return undefined;
  return spawnSync(python, ['-c', `import ${module}`]).status === 0 ? python : undefined;
}
