/** @file The page's entry: starts the worker, builds the frame and its four panels. */
// first: what is loaded after it asks for the language
import './language.ts';
import { App } from './app.ts';
import { Client } from './client.ts';
import { h } from './dom.ts';
import { buildFrame } from './frame.ts';

declare const WORKER_FILE: string;

async function keepOffline(): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  await navigator.serviceWorker.register(new URL('./sw.js', import.meta.url));
}

/** From a blob the worker comes under this page's Content-Security-Policy, also where the host sends no headers. */
function startWorker(): Worker {
  const script = new URL(WORKER_FILE, import.meta.url).href;
  const start = new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(start), { type: 'module', name: 'planewise' });
}

async function start(): Promise<void> {
  const root = document.getElementById('app')!;
  try {
    const client = new Client(startWorker());
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
