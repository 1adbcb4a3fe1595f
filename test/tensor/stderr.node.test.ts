import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const library = new URL('../../dist/index.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'planewise-stderr-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cli = new URL('../../dist/cli.js', import.meta.url);

/** Writes to both streams around the opening of a device, and natively to standard error during it. */
const program = `
  import { writeSync } from 'node:fs';
  import { openDevice } from '${library}';
  console.log('out 1');
  console.error('error 1');
  const opening = openDevice({ adapter: 'swiftshader' });
  writeSync(2, 'driver\\n');
  console.error('error meanwhile');
  (await opening).dispose();
  console.log('out 2');
  console.error('error 2');
`;

/** Runs the program with the given descriptors as its output and error. */
function run(stdout: number | 'ignore', stderr: number, text = program): Promise<number | null> {
  const args = ['--input-type=module', '--eval', text];
  const options = { cwd: fileURLToPath(new URL('../..', import.meta.url)) };
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', stdout, stderr] });
  return new Promise((resolve) => child.on('exit', resolve));
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('standard error while a device is opened', () => {
  it('is silent for drivers where it is a file of its own, and loses nothing else', async () => {
    const path = join(folder, 'own');
    expect(await run('ignore', openSync(path, 'w'))).toBe(0);
    expect(linesOf(path)).toEqual(['error 1', 'error meanwhile', 'error 2']);
  });

  it('is silent and loses nothing in a log that everyone appends to', async () => {
    const path = join(folder, 'appended');
    const log = openSync(path, 'a');
    expect(await run(log, log)).toBe(0);
    expect(linesOf(path)).toEqual(['out 1', 'error 1', 'error meanwhile', 'out 2', 'error 2']);
  });

  it('says what a program says that ends meanwhile', async () => {
    const path = join(folder, 'ended');
    const ends = program.replace('(await opening).dispose();', 'process.exit(3);');
    expect(await run('ignore', openSync(path, 'w'), ends)).toBe(3);
    expect(linesOf(path)).toEqual(['error 1', 'error meanwhile']);
  });

  it('leaves drivers alone in a file shared with standard output, where silence would cost lines', async () => {
    const path = join(folder, 'shared');
    const log = openSync(path, 'w');
    expect(await run(log, log)).toBe(0);
    expect(linesOf(path)).toEqual(['out 1', 'error 1', 'driver', 'error meanwhile', 'out 2', 'error 2']);
  });
});

/** Drivers that write to standard error natively whenever an adapter or a device is asked for. */
const chatty = `
  import { writeSync } from 'node:fs';
  import { globals } from 'webgpu';
  for (const [{ prototype }, name] of [[globals.GPU, 'requestAdapter'], [globals.GPUAdapter, 'requestDevice']]) {
    const plain = prototype[name];
    prototype[name] = function (...args) {
      writeSync(2, 'driver of ' + name + '\\n');
      return plain.apply(this, args);
    };
  }
`;

/** What a command says on standard error, a file of its own, beside such drivers. */
async function said(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const source = chatty.replace("'webgpu'", `'${import.meta.resolve('webgpu')}'`);
  const preload = `data:text/javascript,${encodeURIComponent(source)}`;
  const path = join(folder, 'said');
  const child = spawn(process.execPath, ['--import', preload, fileURLToPath(cli), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', openSync(path, 'w')],
  });
  await new Promise((resolve) => child.on('exit', resolve));
  return readFileSync(path, 'utf8');
}

describe('standard error of commands', () => {
  const pretrain = [
    ...[
      'pretrain',
      '--out',
      join(folder, 'run'),
      '--steps',
      '2',
      '--batch',
      '2',
      '--width',
      '2',
      '--task',
      'location',
    ],
    ...[
      '--size',
      '32',
      '--set',
      'phantom.subjects=3',
      '--set',
      'phantom.size=32',
      '--set',
      'phantom.phases=1',
      '--adapter',
      'swiftshader',
    ],
  ];

  it('is only theirs, of whatever drivers are installed', async () => {
    // each way to a device is tried
    expect(await said(['devices'])).not.toMatch(/driver of|warning/i);
    expect(await said(['devices'], { PLANEWISE_DRIVER_LOG: '1' })).toMatch(/driver of requestAdapter/);
    const text = await said(pretrain);
    expect(text).toContain('Next: npx planewise finetune');
    expect(text).not.toMatch(/driver|dawn|vulkan|mesa/i);
  });
});
