/** @file The package as a stranger has it: packed, and installed in a folder outside the repository. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function expectRun(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}

/** Links packages of the repository into `modules`. */
async function link(modules: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const at = join(modules, name);
    await mkdir(dirname(at), { recursive: true });
    await symlink(join(root, 'node_modules', name), at, 'dir');
  }
}

export interface Project {
  readonly folder: string;
  /** Files of the package. */
  readonly files: readonly string[];
  /** Writes a file of the project; its path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** A project that depends on the package as `npm pack` makes it of dist/, its dependencies and `others` of the repository's. */
export async function install(others: readonly string[] = []): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-installed-'));
  const modules = join(folder, 'node_modules');
  const target = join(modules, 'planewise');
  await mkdir(target, { recursive: true });
  await expectRun('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], root);
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await expectRun('tar', ['-xzf', tarball!, '-C', target, '--strip-components=1'], folder);
  const { dependencies } = JSON.parse(await readFile(join(target, 'package.json'), 'utf8'));
  await link(modules, [...Object.keys(dependencies), ...others]);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  return {
    folder,
    files: (await readdir(target, { recursive: true })).sort(),
    async write(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Runs the compiler of a version of TypeScript, by the name it is installed under; what it complains of. */
export async function compile(
  typescript: string,
  options: object,
  files: readonly string[],
  { folder, write }: Project,
): Promise<string> {
  const name = `tsconfig.${typescript}.${Math.random().toString(36).slice(2)}.json`;
  const compilerOptions = {
    ...{
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    },
    ...{ verbatimModuleSyntax: true, isolatedModules: true, noEmit: true, target: 'ES2022', types: [] },
    ...options,
  };
  await write(name, JSON.stringify({ compilerOptions, files }));
  const tsc = join(dirname(require.resolve(`${typescript}/package.json`)), 'bin', 'tsc');
  return (await run(process.execPath, [tsc, '-p', name], folder)).output;
}
