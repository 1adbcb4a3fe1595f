/** @file Compiles every shader; prints what the compiler says. */
import './shaders.mjs';
import { openCompiler } from './shader-compiler.mjs';
import { shaderFiles } from './wgsl.mjs';

const { compile, close } = await openCompiler();
const files = shaderFiles();
const problems = (await Promise.all(files.map((file) => compile(file)))).flat();
close();
if (problems.length) {
  console.error([...new Set(problems)].join('\n'));
  process.exitCode = 1;
} else {
  console.log(`${files.length} shaders compile`);
}
