// Preloaded with --import in place of tsx itself, which registers in the main thread only: threads that the code
// under test starts run TypeScript too.
import { register } from 'tsx/esm/api';

register();
