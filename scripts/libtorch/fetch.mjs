// @ts-check
/** @param {NodeJS.ProcessEnv} _env @returns {Promise<import('./inspect.mjs').Libtorch>} */
export async function fetchLibtorch(_env) {
  throw new Error('not yet');
}
