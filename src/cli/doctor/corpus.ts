import { chooseDataSource, defaultModel } from '../data-source.ts';
import { shownPath } from '../paths.ts';
import { type Finding, ok } from './fact.ts';

/** What `train` takes without any option. */
export function corpus(): Finding {
  const { kind, trainFile, evalFile, model } = chooseDataSource({});
  const values = { kind, trainFile, evalFile: evalFile ?? null, model };
  if (kind === 'demo') return ok('the built-in demo, as there is no corpus in ./data/JNLPBA', values);
  const files = [trainFile, evalFile ?? ''].map(shownPath).join(' and ');
  return ok(`${files}, with ${defaultModel}`, values);
}
