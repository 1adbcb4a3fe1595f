/** @file The page's server, which is `planewise web`'s, for what is not built yet. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('../src/commands/pageserver.node.ts', import.meta.url));
const { outputFiles } = await build({
  entryPoints: [entry],
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  write: false,
});
const { policy, serve } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

export { policy, serve };
