/** @file A copy of the tree that mutants run in, so that one that removes or writes what it should not harms nothing. */
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../wgsl.mjs';

const left = new Set(['.git', 'node_modules', 'runs']);

/** The copy's folder; it goes when the process ends. */
export function copyTree() {
  const copy = mkdtempSync(join(tmpdir(), 'planewise-mutants-'));
  process.on('exit', () => rmSync(copy, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  for (const name of readdirSync(root))
    if (!left.has(name)) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
