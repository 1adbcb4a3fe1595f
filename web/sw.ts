/** @file The service worker: keeps the page's files, so that it works without a network after the first visit. */

declare const FILES: readonly string[];
/** Files that are fetched, and kept, only once they are asked for. */
declare const LATER: readonly string[];
declare const VERSION: string;
/** The page's script, by its content's name. */
declare const MAIN: string;

/** What service workers have and the DOM types lack. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerScope {
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}

const scope = self as unknown as ServiceWorkerScope;
const prefix = 'planewise-';
const name = prefix + VERSION;

/**
 * Past the HTTP cache, which may hold an older page whose files go with the older worker. One that a cache on the way
 * holds is refused: the older worker stays until the host sends what goes together.
 */
async function keepFiles(): Promise<void> {
  const cache = await caches.open(name);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })));
  const page = await (await cache.match('./'))!.text();
  if (page.includes(MAIN)) return;
  await caches.delete(name);
  throw new Error('The host sends an older page than its service worker.');
}

async function forgetOlder(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((old) => old.startsWith(prefix) && old !== name).map((old) => caches.delete(old)),
  );
  await scope.clients.claim();
}

/** A file from the network, kept where it is one of those that are wanted later. */
async function fetchAndKeep(request: Request): Promise<Response> {
  const response = await fetch(request);
  const later = LATER.some((file) => new URL(request.url).pathname.endsWith(`/${file}`));
  if (later && response.ok) await (await caches.open(name)).put(request, response.clone());
  return response;
}

const kept = (request: Request | string) => caches.match(request, { ignoreSearch: true });

/** From the network where there is one, so that it is the newest, whatever the HTTP cache holds. */
async function navigate({ url }: Request): Promise<Response> {
  try {
    return await fetch(url, { cache: 'no-cache', redirect: 'manual' });
  } catch (error) {
    const page = (await kept(url)) ?? (await kept('./'));
    if (page) return page;
    throw error;
  }
}

/** The page itself from the network; its files, named by content, from here. */
async function answer(request: Request): Promise<Response> {
  if (request.mode === 'navigate') return navigate(request);
  return (await kept(request)) ?? fetchAndKeep(request);
}

scope.addEventListener('install', (event) => event.waitUntil(keepFiles()));
scope.addEventListener('activate', (event) => event.waitUntil(forgetOlder()));
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === location.origin)
    event.respondWith(answer(request));
});
