import test from 'ava';
import { findBreaches } from '../../../scripts/lint-layers.mjs';
import { projectRoot } from '../../support/shared.ts';
import { temporaryFolder, writeTree } from './fake-libtorch.ts';

test('the project keeps its layers', t => {
  t.deepEqual(findBreaches(projectRoot), []);
});

test('imports that point up or aside are found, with file and line', t => {
  const root = writeTree(temporaryFolder(t), {
    'src/index.ts': "export * from './training/trainer.ts';\n",
    'src/errors.ts': "import { x } from './model/bert.ts';\n",
    'src/training/trainer.ts': "import type { M } from '../model/bert.ts';\nimport '../data/conll.ts';\n",
    'src/model/bert.ts':
      "import { y } from '../errors.ts';\nimport {\n  type T,\n} from '../training/trainer.ts';\n",
    'src/data/conll.ts': "const m = await import('../engine/native.ts');\nimport '../index.ts';\n",
    'src/report/figure.ts': "export { z } from '../engine/native.ts';\n",
    'src/engine/native.ts': "require('nerbert.node');\n",
    'native/engine.cpp': '#include "engine.h"\n',
  });
  t.deepEqual(
    findBreaches(root).map(({ file, line }) => `${file}:${line}`),
    [
      'src/data/conll.ts:1',
      'src/data/conll.ts:2',
      'src/errors.ts:1',
      'src/model/bert.ts:4',
      'src/report/figure.ts:1',
    ],
  );
});

test("other people's code is reached from one place each", t => {
  const root = writeTree(temporaryFolder(t), {
    'src/tokenization/library.ts': "import { Tokenizer } from '@huggingface/tokenizers';\n",
    'src/data/encode.ts': "import { Tokenizer } from '@huggingface/tokenizers';\n",
    'src/hub/listing.ts': "const { modelInfo } = await import('@huggingface/hub');\n",
    'src/cli/push-command.ts': "import { commit } from '@huggingface/hub';\n",
    'src/engine/session.ts': "const addon = require('../nerbert.node');\n",
    'native/addon.cpp': '#include <napi.h>\n',
    'native/loader/loader.cpp': '#include <napi.h>\n',
    'native/convert.h': '#include "napi_setup.h"\n',
    'native/engine.cpp': '#include <vector>\n#include <napi.h>\n',
    'native/kernels/dropout.cpp': '#include "../napi_setup.h"\n',
  });
  t.deepEqual(
    findBreaches(root).map(({ file, line }) => `${file}:${line}`),
    [
      'src/cli/push-command.ts:1',
      'src/data/encode.ts:1',
      'src/engine/session.ts:1',
      'native/engine.cpp:2',
      'native/kernels/dropout.cpp:1',
    ],
  );
});
