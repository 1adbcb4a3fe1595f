/** @file Commands as a terminal runs them: arguments in, what they print out; and folders of files to run them on. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { CommandLine } from '../../src/commands/commandline.ts';
import type { FileSource } from '../../src/data/types.ts';

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command prints on either stream; it throws what the command throws. */
export async function terminal(add: (program: CommandLine) => void, ...args: string[]): Promise<Printed> {
  const printed = { stdout: '', stderr: '' };
  const program = new CommandLine();
  add(program);
  for (const command of program.commands) command.exitOverride();
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  try {
    await program.parseAsync(args, { from: 'user' });
  } finally {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  }
  return printed;
}

/** A temporary folder for a test file; the function gives a path in it. */
export function useFolder(): (...path: string[]) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'planewise-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  return (...path) => join(folder, ...path);
}

export async function write(folder: string, files: readonly FileSource[]): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await file.read());
  }
}
