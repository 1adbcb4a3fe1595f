/** @file The service worker: keeps the page's files, so that it works without a network after the first visit. */

declare const FILES: readonly string[];
/** Files that are fetched, and kept, only once they are asked for. */
declare const LATER: readonly string[];
declare const VERSION: string;

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

/** The page itself from the network where there is one, so that it is the newest; its files, named by content, from here. */
async function answer(request: Request): Promise<Response> {
  const page = request.mode === 'navigate';
  if (page) {
    try {
      return await fetch(request);
    } catch {}
  }
  const kept = await caches.match(page ? './' : request, { ignoreSearch: true });
  return kept ?? fetchAndKeep(request);
}

scope.addEventListener('install', (event) =>
  event.waitUntil(caches.open(name).then((cache) => cache.addAll([...FILES]))),
);
scope.addEventListener('activate', (event) => event.waitUntil(forgetOlder()));
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === location.origin)
    event.respondWith(answer(request));
});
