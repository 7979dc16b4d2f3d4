import { checkpointFolder } from '../../../../src/hub/checkpoint-folder.ts';

/* Fetches the model of a name: ENDPOINT CACHE NAME. Prints its folder. */

const [endpoint, cacheDir, name = ''] = process.argv.slice(2);
process.env.HF_ENDPOINT = endpoint;
console.log(await checkpointFolder(name, 'model', { cacheDir }));
