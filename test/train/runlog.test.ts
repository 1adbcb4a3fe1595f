import { describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { MemoryFiles, readText, writeText } from '../../src/train/runfiles.ts';
import {
  appendRecords,
  parseRecords,
  readRecords,
  truncateLog,
  withoutTimings,
} from '../../src/train/runlog.ts';

describe('run log', () => {
  it('is cut back to a step, and loses a last line that a crash cut short', async () => {
    const files = new MemoryFiles();
    await appendRecords(
      files,
      'log',
      [1, 2, 3, 4].map((step) => ({ step })),
    );
    await files.append('log', '{"step":5,"lo');
    await truncateLog(files, 'log', 3);
    expect(await readRecords(files, 'log')).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
    await truncateLog(files, 'log', 0);
    expect(await readText(files, 'log')).toBe('');
  });

  const logOf = async (text: string): Promise<MemoryFiles> => {
    const files = new MemoryFiles();
    await writeText(files, 'log', text);
    return files;
  };
  const cut = async (files: MemoryFiles, step: number) => {
    const told: string[] = [];
    await truncateLog(files, 'log', step, (message) => told.push(message));
    return { told, text: await readText(files, 'log') };
  };

  it('tells of damaged lines by number, and loses those alone', async () => {
    const zeros = '\0'.repeat(20);
    const files = await logOf(`{"step":1}\n{"st\u0001p":2}\n{"step":3}\n{"step":"4"}\n{"step":5}\n${zeros}`);
    const { told, text } = await cut(files, 5);
    expect(text).toBe('{"step":1}\n{"step":3}\n{"step":5}\n');
    expect(told).toEqual([expect.stringMatching(/^log: 3 lines, first line 2, are damaged\. /)]);
    expect(await cut(files, 5)).toEqual({ told: [], text });
    const one = await cut(await logOf(`{"step":1}\n${zeros}\n{"step":3}\n`), 2);
    expect(one.text).toBe('{"step":1}\n');
    expect(one.told).toEqual([expect.stringMatching(/^log: line 2 is damaged; it ends at step 1 of 2\. /)]);
  });

  it('that does not reach its checkpoint says so, gone or cut short', async () => {
    const { told, text } = await cut(await logOf('{"step":1}\n{"step":2}\n{"ste'), 4);
    expect([told, text]).toEqual([
      [expect.stringMatching(/^log: it ends at step 2 of 4\. /)],
      '{"step":1}\n{"step":2}\n',
    ]);
    const gone = await cut(new MemoryFiles(), 4);
    expect(gone.told).toEqual([expect.stringMatching(/^log: nothing is left up to step 4\. /)]);
    expect(gone.text).toBeNull();
    expect((await cut(new MemoryFiles(), 0)).told).toEqual([]);
  });

  it('names file and line of what is not JSON', async () => {
    const files = new MemoryFiles();
    await writeText(files, 'log', '{"step":1}\nbroken\n');
    await expect(readRecords(files, 'log')).rejects.toThrow(FileError);
    expect(() => parseRecords('{"step":1}\n\nbroken\n', 'log')).toThrow(/log: line 3/);
  });

  it('is compared without its wall-clock field', () => {
    const [a, b] = [123, 45.6].map((imagesPerSecond) => `${JSON.stringify({ step: 1, imagesPerSecond })}\n`);
    expect(withoutTimings(a!)).toBe(withoutTimings(b!));
    expect(withoutTimings(a!)).toBe('{"step":1}\n');
  });
});
