/** @file What specs in the browser may ask of the Node process that serves them. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { TaskResult } from './tasks.ts';
import type { WorkloadResult } from './workload.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs what a file of this folder exports in a Node process of its own, on the adapter the browser uses. */
async function inNode(file: string, name: string): Promise<unknown> {
  const contents = `import { ${name} } from './test/browser/${file}';
    process.stdout.write(JSON.stringify(await ${name}()));`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'es2022',
  });
  const env = { ...process.env, PLANEWISE_ADAPTER: 'swiftshader' };
  const options = { cwd: root, env, maxBuffer: 1 << 28 };
  const running = promisify(execFile)(process.execPath, ['--input-type=module', '-'], options);
  running.child.stdin!.end(outputFiles[0]!.text);
  return JSON.parse((await running).stdout);
}

export const workloadInNode = async () => (await inNode('workload.ts', 'workload')) as WorkloadResult;

export const tasksInNode = async () => (await inNode('tasks.ts', 'trainedTasks')) as TaskResult[];
