/** @file Compiles every entry point of a shader on Dawn's null backend, which needs no GPU. */
import { build } from 'esbuild';
import { create, globals } from 'webgpu';
import { specializationsOf } from './reflect.mjs';
import { identifier, readShader, root } from './wgsl.mjs';

Object.assign(globalThis, globals);

/** The engine's own reflection and specialisation, so that what is compiled here is what runs. */
async function loadEngine() {
  const contents = `export * as shaders from './src/kernels/shaders.gen.ts';
    export { specialize, textOf } from './src/kernels/launch/shader.ts';`;
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: 'esm', target: 'es2022' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

async function openNull(instance) {
  const adapter = await instance.requestAdapter();
  const matrices = 'chromium-experimental-subgroup-matrix';
  const requiredFeatures = ['shader-f16', 'subgroups', 'timestamp-query', matrices];
  const { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage } = adapter.limits;
  const requiredLimits = { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage };
  return adapter.requestDevice({ requiredFeatures, requiredLimits });
}

async function compileModule(device, file, code, at, shift) {
  const module = device.createShaderModule({ code, label: file });
  const { messages } = await module.getCompilationInfo();
  const where = ({ lineNum, linePos }) => `${at[lineNum - 1 - shift] ?? `shaders/${file}`}:${linePos}`;
  const lines = messages.map((message) => `${where(message)} ${message.type}: ${message.message}`);
  return { module, lines };
}

async function compileEntry(device, file, module, entryPoint, { overrides }) {
  const constants = Object.fromEntries(Object.entries(overrides).map(([name, text]) => [name, Number(text)]));
  try {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint, constants } });
    return [];
  } catch (error) {
    return [`shaders/${file} ${entryPoint}: ${error.message}`];
  }
}

async function compileShader(device, engine, file, instead) {
  const { source, at } = readShader(file, instead);
  const shader = { ...engine.shaders[identifier(file)], source: [source] };
  const problems = [];
  for (const specialization of specializationsOf(source)) {
    const code = engine.specialize(shader, specialization);
    const shift = code.split('\n').length - engine.textOf(shader).split('\n').length;
    const { module, lines } = await compileModule(device, file, code, at, shift);
    const entries = Object.keys(shader.entries);
    const failed = lines.length
      ? []
      : entries.map((name) => compileEntry(device, file, module, name, specialization));
    problems.push(...lines, ...(await Promise.all(failed)).flat());
  }
  return problems;
}

/**
 * `compile`: what the compiler says of a shader, in all its specialisations.
 * Its second argument: texts by path in shaders/, in place of the files'.
 */
export async function openCompiler() {
  const instance = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const device = await openNull(instance);
  // reported through the module's compilation messages
  device.addEventListener('uncapturederror', (event) => event.preventDefault());
  const engine = await loadEngine();
  return {
    compile: (file, instead) => compileShader(device, engine, file, instead),
    close: () => device.destroy(),
    // an adapter that is collected takes its device with it
    instance,
  };
}
