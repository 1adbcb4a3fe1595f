/** @file Progress of long work: one status line that is redrawn on a terminal, a plain line now and then elsewhere. */
import { inLine } from '../base/printable.ts';

/** Where progress goes; `process.stderr` is one. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Progress {
  /** `extra` stands at the end of the line: a loss, a file name. */
  update(done: number, extra?: string): void;
  /** Ends the line, with what was last known. */
  end(): void;
}

export interface ProgressOptions {
  /** Default: the standard error of the process; nothing is shown where there is none. */
  readonly stream?: ProgressStream | undefined;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

const redrawMs = 100;
const plainMs = 10_000;

/** 75 → `1:15`, 4000 → `1:06:40`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

interface State {
  readonly label: string;
  readonly total: number;
  readonly done: number;
  readonly extra: string;
  readonly elapsedMs: number;
}

function statusLine({ label, total, done, extra, elapsedMs }: State): string {
  const percent = `${Math.floor((100 * done) / Math.max(1, total))}%`;
  const seconds = elapsedMs / 1000;
  const left = (seconds / (done || 1)) * (total - done);
  const time = done >= total ? `took ${formatSeconds(seconds)}` : `${formatSeconds(left)} left`;
  // of one thing there are shares, which the percentage says
  const count = total === 1 ? '' : `${done}/${total}`;
  return [label, count, percent, time, extra].filter(Boolean).join('  ');
}

/** The terminal on which a status line is drawn that has not ended. */
let drawnOn: ProgressStream | undefined;

/** Takes the status line away, so that a line of news stands by itself; the next update draws it again below. */
export function clearStatus(): void {
  drawnOn?.write('\r\x1b[K');
  drawnOn = undefined;
}

/** Starts a progress line for `total` units of work, or for shares of one. */
export function startProgress(label: string, total: number, options: ProgressOptions = {}): Progress {
  const stream = 'stream' in options ? options.stream : globalThis.process?.stderr;
  const now = options.now ?? Date.now;
  const started = now();
  let [done, extra] = [0, ''];
  let shown = stream?.isTTY ? Number.NEGATIVE_INFINITY : started;
  let drawn = '';

  function draw(): void {
    shown = now();
    const line = inLine(statusLine({ label, total, done, extra, elapsedMs: shown - started }));
    drawn = line;
    if (stream?.isTTY) {
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
      drawnOn = stream;
    } else stream?.write(`${line}\n`);
  }

  return {
    update(nextDone, nextExtra = '') {
      [done, extra] = [nextDone, nextExtra];
      if (now() - shown >= (stream?.isTTY ? redrawMs : plainMs)) draw();
    },
    end() {
      const line = inLine(statusLine({ label, total, done, extra, elapsedMs: now() - started }));
      if (drawn !== line || (stream?.isTTY && drawnOn !== stream)) draw();
      if (stream?.isTTY) stream.write('\n');
      drawnOn = undefined;
    },
  };
}
