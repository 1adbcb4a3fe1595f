import type { ChildProcess } from 'node:child_process';

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly said: string;
    readonly ms: number;
  }>;
}
export interface Starting {
  readonly within?: number;
  readonly imports?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly under?: readonly string[];
}
export function start(args: readonly string[], cwd: string, how?: Starting): Started;
export function succeed(args: readonly string[], cwd: string, how?: Starting): Started['ended'];
export function remove(folder: string): void;
