import { OptionError } from '../../errors.ts';
import { hubSettings } from '../../hub/settings.ts';
import { type Finding, ok, warning } from './fact.ts';

/** How the hub would be reached; it is not asked. Never shows the token. */
export async function hub(env = process.env): Promise<Finding> {
  try {
    const { endpoint, offline, token } = await hubSettings({}, env);
    const reached = offline === undefined ? 'online' : `offline (${offline}), so models in the cache only`;
    const access = token === undefined ? 'without a token, so public models only' : 'with a token';
    const values = { endpoint, offline: offline !== undefined, token: token !== undefined };
    return ok(`${endpoint}, ${reached}, ${access}`, values);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    // What came instead is not shown: an address may hold a password.
    const { option, expected } = error;
    const text = `models cannot be fetched: ${option} must be ${expected.replace(/,$/, '')}`;
    return warning(text, [`correct ${option}, or remove it`], { option });
  }
}
