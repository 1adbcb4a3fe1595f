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

  it('names file and line of what is not JSON', async () => {
    const files = new MemoryFiles();
    await writeText(files, 'log', '{"step":1}\nbroken\n');
    await expect(readRecords(files, 'log')).rejects.toThrow(FileError);
    expect(() => parseRecords('{"step":1}\nbroken\n', 'log')).toThrow(/log: line 2/);
  });

  it('is compared without its wall-clock field', () => {
    const [a, b] = [123, 45.6].map((imagesPerSecond) => `${JSON.stringify({ step: 1, imagesPerSecond })}\n`);
    expect(withoutTimings(a!)).toBe(withoutTimings(b!));
    expect(withoutTimings(a!)).toBe('{"step":1}\n');
  });
});
