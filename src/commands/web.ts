/** @file `planewise web`: the page, served on this machine. */
import type { Command } from 'commander';
import { addExample } from './help.ts';
import { parsePort, print } from './output.ts';
import { servePage } from './page.node.ts';

/** Serves until the process ends. */
async function web({ port }: { readonly port: number }): Promise<void> {
  const { url } = await servePage(port);
  print(`planewise is at ${url}, for browsers on this machine alone (stop with Ctrl+C)`);
}

export function addWeb(program: Command): void {
  addExample(program.command('web'), 'web --port 8080')
    .description('serve the page on this machine: data, training and results stay in the browser')
    .option('--port <number>', 'where; another one where it is taken', parsePort, 4173)
    .action(web);
}
