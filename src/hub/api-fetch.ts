import { giveUp, type Refusal, type Subject, Transient } from './failures.ts';
import { asTransient, retrying, StallWatch, send } from './request.ts';
import type { HubSettings } from './settings.ts';

/** A `fetch` for the library: with the token, retries, time limits and errors of ours. */
export function apiFetch(subject: Subject, settings: HubSettings, refused: Refusal): typeof fetch {
  return (input, init = {}) => {
    const address = String(input);
    return retrying(subject, settings, async () => {
      // While a file is sent nothing comes.
      const limit = init.method === 'PUT' ? Number.POSITIVE_INFINITY : settings.stallMs;
      const signals = [settings.signal, init.signal].filter(signal => signal instanceof AbortSignal);
      const watch = new StallWatch(limit, AbortSignal.any(signals));
      try {
        const response = await send(address, init, settings, watch, refusal =>
          refused(refusal, subject, settings),
        );
        const body = await response.arrayBuffer().catch(error => {
          throw asTransient(error, watch);
        });
        return new Response(body, { status: response.status, headers: response.headers });
      } catch (error) {
        // It may have been done all the same: a second time would fail, or make a second commit.
        if (error instanceof Transient && changesHub(address, init) && !error.untouched) {
          throw giveUp(error, subject, settings);
        }
        throw error;
      } finally {
        watch.end();
      }
    });
  };
}

function changesHub(address: string, { method }: RequestInit): boolean {
  return method === 'POST' && /\/(commit|branch)\/|\/repos\/create$/.test(address);
}
