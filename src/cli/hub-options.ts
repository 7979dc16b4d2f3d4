import { checkBoolean, checkString } from '../check.ts';
import { checkRevision } from '../hub/names.ts';
import type { HubOptions } from '../hub/settings.ts';
import type { OptionSpec } from './command-options.ts';

/** Options of the commands that take a model by its name; the token comes from the environment alone. */
export const hubOptionSpecs: readonly OptionSpec<Omit<HubOptions, 'token'>>[] = [
  {
    name: 'revision',
    value: 'NAME',
    description: 'branch, tag or commit of a model on the hub (default: main)',
    check: checkRevision,
  },
  {
    name: 'cacheDir',
    value: 'DIR',
    description: "where models of the hub are kept (default: HF_HUB_CACHE, else as Python's huggingface_hub)",
    check: checkString,
  },
  {
    name: 'localFilesOnly',
    description: 'take models of the hub from the cache and connect to nothing',
    check: checkBoolean,
  },
];
