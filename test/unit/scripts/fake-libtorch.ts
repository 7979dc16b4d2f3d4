import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A new folder, removed when the test ends. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nerbert-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, given by their path below a folder, and returns the folder. */
export function writeTree(folder: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A C++ symbol of the new ABI, as libc10.so holds them. */
const NEW_ABI_SYMBOL = '_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_stringIcEE';

/** The files of a libtorch that passes inspection, though nothing of it could run. */
export function libtorchFiles(version: string): Record<string, string> {
  const [major, minor, patch] = version.split('.');
  return {
    'lib/libtorch_cpu.so': 'libtorch_cpu',
    'lib/libc10.so': NEW_ABI_SYMBOL,
    'lib/libgomp.so.1': 'libgomp',
    'include/ATen/ATen.h': '#pragma once\n',
    'include/torch/headeronly/version.h': `#define TORCH_VERSION_MAJOR ${major}
#define TORCH_VERSION_MINOR ${minor}
#define TORCH_VERSION_PATCH ${patch}
`,
    'share/cmake/Torch/TorchConfig.cmake': '# no word of the ABI since 2.8\n',
  };
}
