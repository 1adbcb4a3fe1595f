/** @file Reflects every shader into src/kernels/shaders.gen.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shaderModule } from './shader-module.mjs';
import { root } from './wgsl.mjs';

const output = join(root, 'src', 'kernels', 'shaders.gen.ts');

function made() {
  try {
    return shaderModule();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

const next = made();
let previous = '';
try {
  previous = readFileSync(output, 'utf8');
} catch {}
if (next !== previous) writeFileSync(output, next);
