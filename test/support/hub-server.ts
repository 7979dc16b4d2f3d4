import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Files of a revision by name. */
export type Files = Record<string, Uint8Array | string>;

export interface SeenRequest {
  /** Which of the two servers was asked: the hub, or the content network that it redirects large files to. */
  host: 'hub' | 'cdn';
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
}

/** What to do with the next requests that fit, instead of answering well. */
export interface Fault {
  /** Tested on `METHOD HOST/path`. */
  on: RegExp;
  times: number;
  /** Answers in the place of the server; or, given the good answer's body, sends but a part of it. */
  answer?(request: IncomingMessage, response: ServerResponse): void;
  /** Bytes of the body after which the connection is cut, or stands still. */
  cutAfter?: number;
  stallAfter?: number;
  /** Awaited before the connection is cut: what is on its way then would be lost. */
  beforeCut?(): Promise<unknown>;
}

interface Repo {
  private: boolean;
  gated: boolean;
  /** Commits by branch or tag. */
  refs: Map<string, string>;
  commits: Map<string, Map<string, Buffer>>;
}

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
export const gitSha1 = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
const isLarge = (name: string): boolean => /\.(safetensors|bin)$/.test(name);

/** A Hugging Face hub on this machine, with a content network on another port: what nerbert and Python ask of it. */
export class HubServer {
  readonly requests: SeenRequest[] = [];
  readonly faults: Fault[] = [];
  /** The only token that may read private and gated models, and write. */
  readonly token = 'hf_goodToken';
  /** Overrides what `paths-info` tells of a file. */
  readonly lies = new Map<string, object>();
  readonly #repos = new Map<string, Repo>();
  readonly #uploads = new Map<string, Buffer>();
  readonly #hub: Server;
  readonly #cdn: Server;

  private constructor() {
    this.#hub = createServer(this.#listener('hub', (...args) => this.#answerAsHub(...args)));
    this.#cdn = createServer(this.#listener('cdn', (...args) => this.#answerAsCdn(...args)));
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer();
    await Promise.all(
      [server.#hub, server.#cdn].map(
        http => new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve)),
      ),
    );
    return server;
  }

  close(): void {
    for (const http of [this.#hub, this.#cdn]) {
      http.close();
      http.closeAllConnections();
    }
  }

  get endpoint(): string {
    return addressOf(this.#hub);
  }

  /** Another host, as for the hub's own clients: by its name, not by its port alone. */
  get cdn(): string {
    return addressOf(this.#cdn).replace('127.0.0.1', 'localhost');
  }

  /** Adds a commit of these files alone to a branch of a model, which is made where it is missing. @returns the commit */
  commit(
    name: string,
    files: Files,
    { branch = 'main', private: hidden = false, gated = false } = {},
  ): string {
    const repo = this.#repos.get(name) ?? {
      private: hidden,
      gated,
      refs: new Map<string, string>(),
      commits: new Map<string, Map<string, Buffer>>(),
    };
    this.#repos.set(name, repo);
    const content = new Map(Object.entries(files).map(([path, data]) => [path, Buffer.from(data)]));
    const tree = [...content].map(([path, data]) => `${path} ${gitSha1(data)}`).join('\n');
    const commit = createHash('sha1').update(`${branch} ${repo.commits.size} ${tree}`).digest('hex');
    repo.commits.set(commit, content);
    repo.refs.set(branch, commit);
    return commit;
  }

  /** The files of a branch as they are now. */
  filesOf(name: string, branch = 'main'): Map<string, Buffer> | undefined {
    const repo = this.#repos.get(name);
    return repo?.commits.get(repo.refs.get(branch) ?? '');
  }

  isPrivate(name: string): boolean | undefined {
    return this.#repos.get(name)?.private;
  }

  /** Requests that fit, tested on `METHOD HOST/path`. */
  seen(pattern: RegExp): SeenRequest[] {
    return this.requests.filter(({ method, host, path }) => pattern.test(`${method} ${host}${path}`));
  }

  #listener(
    host: SeenRequest['host'],
    answer: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<ServerResponse>,
  ): RequestListener {
    return (request, response) => {
      const path = decodeURIComponent(request.url ?? '');
      const method = request.method ?? '';
      this.requests.push({ host, method, path, headers: request.headers });
      const fault = this.faults.find(({ on, times }) => times > 0 && on.test(`${method} ${host}${path}`));
      if (fault) {
        fault.times--;
        if (fault.answer) return fault.answer(request, response);
        misbehave(response, fault);
      }
      answer(request, response, request.url ?? '').catch(error => response.destroy(error));
    };
  }

  async #answerAsHub(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
  ): Promise<ServerResponse> {
    const authorized = request.headers.authorization === `Bearer ${this.token}`;
    if (request.headers.authorization !== undefined && !authorized) {
      return refuse(response, 401, undefined, 'Invalid credentials in Authorization header');
    }
    const [path = ''] = url.split('?');
    const body = async () => JSON.parse((await buffer(request)).toString());
    if (path === '/api/repos/create') return this.#create(await body(), authorized, response);

    const api =
      /^\/api\/models\/(.+?)(?:\/(revision|paths-info|tree|preupload|commit|branch)\/([^/]+)(\/.+)?)?$/.exec(
        path,
      );
    const resolved = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    const lfs = /^\/(.+?)\.git\/info\/lfs\/objects\/batch$/.exec(path);
    const name = api?.[1] ?? resolved?.[1] ?? lfs?.[1] ?? '';
    const repo = this.#repos.get(name);
    if (!repo || (repo.private && !authorized)) {
      // As the hub, which does not tell strangers whether a private model exists.
      return refuse(response, authorized ? 404 : 401, 'RepoNotFound', 'Repository not found');
    }
    const writes = /^(preupload|commit|branch)$/.test(api?.[2] ?? '') || lfs;
    if (writes && !authorized) return refuse(response, 401, undefined, 'Invalid username or password.');
    if (lfs) return this.#offerUploads(await body(), response);

    const revision = decodeURIComponent(api?.[3] ?? resolved?.[2] ?? 'main');
    if (api?.[2] === 'branch') {
      repo.refs.set(revision, repo.refs.get('main') ?? '');
      return json(response, {});
    }
    const commit = repo.refs.get(revision === 'HEAD' ? 'main' : revision) ?? revision;
    const files = repo.commits.get(commit);
    if (!files) return refuse(response, 404, 'RevisionNotFound', 'Invalid rev id');
    if (api?.[4] !== undefined) return refuse(response, 404, 'EntryNotFound', 'No such folder');
    if (resolved)
      return this.#resolve(
        request,
        response,
        repo,
        authorized,
        commit,
        decodeURIComponent(resolved[3] ?? ''),
      );
    const entries = [...files].map(([file, data]) => this.#entry(file, data));
    switch (api?.[2]) {
      case 'paths-info': {
        const { paths } = await body();
        return json(
          response,
          entries.filter(entry => paths.includes(entry.path)),
        );
      }
      case 'tree':
        return json(response, entries);
      case 'preupload': {
        const asked: { files: { path: string }[] } = await body();
        return json(response, {
          files: asked.files.map(({ path: file }) => ({
            path: file,
            uploadMode: isLarge(file) ? 'lfs' : 'regular',
          })),
        });
      }
      case 'commit':
        return this.#receiveCommit((await buffer(request)).toString(), name, revision, files, response);
      default:
        return json(response, {
          _id: '1',
          id: name,
          modelId: name,
          sha: commit,
          private: repo.private,
          gated: repo.gated ? 'manual' : false,
          lastModified: '2026-01-01T00:00:00.000Z',
          siblings: entries.map(entry => ({ rfilename: entry.path })),
        });
    }
  }

  #entry(path: string, data: Buffer): { path: string } {
    const lfs = isLarge(path) && { lfs: { oid: sha256(data), size: data.length, pointerSize: 134 } };
    return { type: 'file', oid: gitSha1(data), size: data.length, path, ...lfs, ...this.lies.get(path) } as {
      path: string;
    };
  }

  #resolve(
    request: IncomingMessage,
    response: ServerResponse,
    repo: Repo,
    authorized: boolean,
    commit: string,
    file: string,
  ): ServerResponse {
    response.setHeader('x-repo-commit', commit);
    if (repo.gated && !authorized) {
      return refuse(response, 401, 'GatedRepo', 'Access to this model is restricted');
    }
    const data = repo.commits.get(commit)?.get(file);
    if (!data) return refuse(response, 404, 'EntryNotFound', 'Entry not found');
    if (!isLarge(file)) {
      response.setHeader('etag', `"${gitSha1(data)}"`);
      return sendBytes(request, response, data);
    }
    this.#uploads.set(sha256(data), data);
    response.setHeader('x-linked-etag', `"${sha256(data)}"`);
    response.setHeader('x-linked-size', data.length);
    response.setHeader('location', `${this.cdn}/${sha256(data)}?signature=1`);
    return response.writeHead(302).end();
  }

  async #answerAsCdn(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
  ): Promise<ServerResponse> {
    const oid = url.slice(1).split('?')[0] ?? '';
    if (request.method === 'PUT') {
      const data = await buffer(request);
      if (sha256(data) !== oid || request.headers['transfer-encoding']) return refuse(response, 400);
      this.#uploads.set(oid, data);
      return response.end();
    }
    const data = this.#uploads.get(oid);
    if (!data) return refuse(response, 404);
    response.setHeader('etag', `"cdn-${oid.slice(0, 8)}"`);
    return sendBytes(request, response, data);
  }

  #create(
    { name, organization, visibility }: Record<string, string>,
    authorized: boolean,
    response: ServerResponse,
  ): ServerResponse {
    if (!authorized) return refuse(response, 401, undefined, 'Invalid username or password.');
    const id = `${organization}/${name}`;
    if (organization === 'stranger') return refuse(response, 403, undefined, "You don't have the rights");
    if (this.#repos.has(id)) return refuse(response, 409, undefined, 'You already created this model repo');
    this.commit(id, { '.gitattributes': '' }, { private: visibility === 'private' });
    return json(response, { url: `${this.endpoint}/${id}`, id });
  }

  #offerUploads(
    { objects }: { objects: { oid: string; size: number }[] },
    response: ServerResponse,
  ): ServerResponse {
    return json(response, {
      transfer: 'basic',
      objects: objects.map(({ oid, size }) => ({
        oid,
        size,
        ...(!this.#uploads.has(oid) && { actions: { upload: { href: `${this.cdn}/${oid}?signature=1` } } }),
      })),
    });
  }

  #receiveCommit(
    text: string,
    name: string,
    branch: string,
    before: Map<string, Buffer>,
    response: ServerResponse,
  ): ServerResponse {
    const files: Files = Object.fromEntries(before);
    for (const line of text.split('\n')) {
      const { key, value } = JSON.parse(line);
      if (key === 'file') files[value.path] = Buffer.from(value.content, value.encoding);
      if (key === 'lfsFile') {
        const data = this.#uploads.get(value.oid);
        if (!data) return refuse(response, 400, undefined, 'lfs file was not uploaded');
        files[value.path] = data;
      }
    }
    const oid = this.commit(name, files, { branch });
    return json(response, {
      success: true,
      commitOid: oid,
      commitUrl: `${this.endpoint}/${name}/commit/${oid}`,
    });
  }
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function json(response: ServerResponse, value: unknown): ServerResponse {
  const text = JSON.stringify(value);
  return response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}

function refuse(response: ServerResponse, status: number, code?: string, message?: string): ServerResponse {
  if (code !== undefined) response.setHeader('x-error-code', code);
  if (message !== undefined) response.setHeader('x-error-message', message);
  response.writeHead(status, { 'content-type': 'application/json' });
  return response.end(JSON.stringify({ error: message ?? `status ${status}` }));
}

/** A file or the range of it that is asked for. */
function sendBytes(request: IncomingMessage, response: ServerResponse, data: Buffer): ServerResponse {
  response.setHeader('accept-ranges', 'bytes');
  const etag = response.getHeader('etag');
  const condition = request.headers['if-range'];
  const [, first] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
  const start =
    first === undefined || (condition !== undefined && condition !== etag) ? undefined : Number(first);
  if (start !== undefined && start >= data.length) return response.writeHead(416).end();
  if (start !== undefined) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${start}-${data.length - 1}/${data.length}`);
  }
  const part = data.subarray(start ?? 0);
  response.setHeader('content-length', part.length);
  return response.end(request.method === 'HEAD' ? undefined : part);
}

/** Sends but the beginning of the body that is about to be sent. */
function misbehave(response: ServerResponse, { cutAfter, stallAfter, beforeCut }: Fault): void {
  const end = response.end.bind(response) as (data?: unknown) => ServerResponse;
  response.end = ((data?: unknown) => {
    if (!Buffer.isBuffer(data)) return end(data);
    response.write(data.subarray(0, cutAfter ?? stallAfter), async () => {
      await beforeCut?.();
      if (cutAfter !== undefined) response.socket?.end();
    });
    return response;
  }) as ServerResponse['end'];
}
