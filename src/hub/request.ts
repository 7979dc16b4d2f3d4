import { setTimeout as sleep } from 'node:timers/promises';
import { NerbertError } from '../errors.ts';
import { answerOf, giveUp, type Subject, Transient } from './failures.ts';
import type { HubSettings } from './settings.ts';

const MAX_REDIRECTS = 8;

/** A server that asks for a longer wait is not waited for, in milliseconds. */
const LONGEST_WAIT = 120_000;

const temporaryStatus = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A longer wait, in milliseconds, is told. */
const SILENT_WAIT = 5000;

/** Ends a request that stands still. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #ms: number;
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  /** @param ms how long it may stand still; Infinity: for ever */
  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#ms = ms;
    this.signal = outer ? AbortSignal.any([outer, this.#controller.signal]) : this.#controller.signal;
    this.moved();
  }

  /** Something came. */
  moved(): void {
    clearTimeout(this.#timer);
    if (this.#ms === Number.POSITIVE_INFINITY) return;
    const reason = new Transient(`nothing came for ${this.#ms / 1000} s`);
    this.#timer = setTimeout(() => this.#controller.abort(reason), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * Does what may fail for a while, again and again, as long as there is progress or attempts are left.
 *
 * @param attempt returns its result, or throws a Transient
 * @param progress a number that grows with what was achieved, such as bytes
 */
export async function retrying<Result>(
  subject: Subject,
  settings: HubSettings,
  attempt: () => Promise<Result>,
  progress: () => number = () => 0,
): Promise<Result> {
  for (let fruitless = 0; ; fruitless++) {
    const before = progress();
    try {
      return await attempt();
    } catch (error) {
      settings.signal?.throwIfAborted();
      if (!(error instanceof Transient)) throw error;
      if (progress() > before) fruitless = 0;
      const wait = error.retryAfterMs ?? settings.backoffMs * 2 ** fruitless;
      if (fruitless + 1 >= settings.attempts || wait > LONGEST_WAIT) throw giveUp(error, subject, settings);
      if (wait >= SILENT_WAIT) {
        const seconds = Math.ceil(wait / 1000);
        settings.say(`${settings.endpoint}: ${error.message}. Trying again in ${seconds} s`);
      }
      await sleep(wait, undefined, { ...(settings.signal && { signal: settings.signal }) }).catch(() => {});
      settings.signal?.throwIfAborted();
    }
  }
}

/**
 * Sends one request and follows where it is redirected. The token goes to the hub's own origin alone: the addresses of
 * a content network are signed, and it has no business with it.
 *
 * @throws Transient where another attempt may help; what `refused` makes of any other refusal
 */
export async function send(
  address: string,
  init: RequestInit,
  settings: HubSettings,
  watch: StallWatch,
  refused: (response: Response) => Promise<Error> | Error,
): Promise<Response> {
  let url = new URL(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await sendOnce(url, init, settings, watch);
    watch.moved();
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = redirected(url, location);
      continue;
    }
    if (response.ok) return response;
    const error = temporaryStatus.has(response.status) ? temporary(response) : await refused(response);
    await response.body?.cancel().catch(() => {});
    throw error;
  }
  throw new NerbertError(
    'ERR_NETWORK',
    `Could not get ${address}: redirected more than ${MAX_REDIRECTS} times`,
  );
}

async function sendOnce(
  url: URL,
  init: RequestInit,
  { token, endpoint }: HubSettings,
  watch: StallWatch,
): Promise<Response> {
  const headers = new Headers(init.headers);
  // The library fills in a header even where it has no token.
  headers.delete('authorization');
  if (token && url.origin === new URL(endpoint).origin) headers.set('authorization', `Bearer ${token}`);
  headers.set('user-agent', 'nerbert');
  try {
    return await fetch(url, { ...init, headers, redirect: 'manual', signal: watch.signal });
  } catch (error) {
    throw asTransient(error, watch);
  }
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to && (to.protocol === 'https:' || to.protocol === from.protocol)) return to;
  throw new NerbertError(
    'ERR_NETWORK',
    `Could not get ${from.origin}${from.pathname}: redirected to ${JSON.stringify(location.slice(0, 200))}, ` +
      'which is no address of equal safety. Check HF_ENDPOINT',
  );
}

function temporary(response: Response): Transient {
  const after = retryAfter(response.headers.get('retry-after'));
  const asked = after === undefined ? '' : `, to come back after ${Math.ceil(after / 1000)} s`;
  const hint =
    response.status === 429 ? ': too many requests; with a token in HF_TOKEN more are allowed' : '';
  return new Transient(`it answers ${answerOf(response)}${asked}${hint}`, {
    ...(after !== undefined && { retryAfterMs: after }),
    untouched: response.status === 429,
  });
}

/** Seconds, or a date, in milliseconds from now. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** A broken connection as a Transient; an interruption by the caller as it is. */
export function asTransient(error: unknown, watch: StallWatch): unknown {
  if (watch.signal.aborted) return watch.signal.reason;
  if (!(error instanceof TypeError)) return error;
  return new Transient(connectionProblem(error), { cause: error });
}

const connectionProblems: Record<string, string> = {
  ENOTFOUND: 'there is no such host, or no network',
  EAI_AGAIN: 'the name of the host cannot be looked up, perhaps there is no network',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  UND_ERR_HEADERS_TIMEOUT: 'no answer for 300 s',
  ENETUNREACH: 'the network cannot be reached',
  EHOSTUNREACH: 'the host cannot be reached',
};

/** `fetch` fails with a TypeError whose cause, or one of its several causes, tells why. */
function connectionProblem(error: TypeError): string {
  const cause = error.cause as (NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }) | undefined;
  const reason = cause?.errors?.[0] ?? cause;
  return connectionProblems[reason?.code ?? ''] ?? reason?.message ?? error.message;
}
