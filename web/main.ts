/** @file The page's entry: starts the worker, builds the frame and its four panels. */
import { App } from './app.ts';
import { Client } from './client.ts';
import { h } from './dom.ts';
import { buildFrame } from './frame.ts';

declare const WORKER_FILE: string;

async function keepOffline(): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  await navigator.serviceWorker.register(new URL('./sw.js', import.meta.url));
}

async function start(): Promise<void> {
  const root = document.getElementById('app')!;
  try {
    const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { type: 'module', name: 'planewise' });
    const client = new Client(worker);
    const warnings: string[] = [];
    client.on('warning', (text) => warnings.push(text));
    const app = new App(client, await client.request('hello', null));
    root.replaceChildren(buildFrame(app, warnings));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    root.replaceChildren(
      h('p', { class: 'starting', role: 'alert' }, `planewise could not start: ${message}`),
    );
  }
}

// Without it the page still works, as long as its host is reachable.
keepOffline().catch(() => {});
await start();
document.documentElement.dataset.ready = 'true';
