import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The version of this package. */
export const version: string = manifest.version;

/** The oldest Node.js that it supports, such as 20.19. */
export const oldestNode: string = manifest.engines.node.replace(/^>=\s*/, '');
