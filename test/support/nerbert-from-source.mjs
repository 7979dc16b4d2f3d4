// Preloaded with --import: `nerbert` is src/index.ts, so that examples run without dist/.
import { register as registerHooks } from 'node:module';
import { register as registerTypeScript } from 'tsx/esm/api';

registerTypeScript();
const index = new URL('../../src/index.ts', import.meta.url).href;
const hooks = `export const resolve = (specifier, context, next) =>
  next(specifier === 'nerbert' ? ${JSON.stringify(index)} : specifier, context);`;
registerHooks(`data:text/javascript,${encodeURIComponent(hooks)}`);
