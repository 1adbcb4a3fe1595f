/** @file Serves the built page on localhost, with the headers a careful host would send. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join, normalize, sep } from 'node:path';

/** What the page may load: its own files, and nothing from anywhere else. */
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const headers = {
  'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/** The file a request asks for, never outside the folder. */
function pathOf(folder: string, url: string): string | null {
  const { pathname } = new URL(url, 'http://localhost');
  const path = normalize(join(folder, decodeURIComponent(pathname)));
  if (path !== folder && !path.startsWith(folder + sep)) return null;
  return path.endsWith(sep) || path === folder ? join(path, 'index.html') : path;
}

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1; port 0 takes any free one. Rejects where the port is taken.
 * @param elsewhere the file of a name that the folder does not hold; null: there is none
 */
export function serve(
  folder: string,
  port: number,
  elsewhere: (name: string) => string | null = () => null,
): Promise<Served> {
  const server = createServer(async (request, response) => {
    try {
      const path = pathOf(folder, request.url ?? '/');
      if (path === null) throw new Error('outside');
      const bytes = await readFile(elsewhere(basename(path)) ?? path);
      response.writeHead(200, {
        ...headers,
        'Content-Type': types[extname(path)] ?? 'application/octet-stream',
      });
      response.end(bytes);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url, close });
    });
  });
}
