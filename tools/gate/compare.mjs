/** @file Compares two files that a program left: tensors, JSON, logs, pictures, texts; says what differs, and where. */
import { differingLines, differingTextLines } from './lines.mjs';
import { maskHtml, maskMessages } from './masks.mjs';
import { differingPixels } from './picture.mjs';
import { differingTensors } from './tensors.mjs';
import { differingValues } from './values.mjs';

const text = (bytes) => Buffer.from(bytes).toString('utf8');

/** Fields of a log that the wall clock decides. */
const clocked = ['imagesPerSecond'];

function withoutClock(record) {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !clocked.includes(key)));
}

const records = (content) =>
  content
    .split('\n')
    .filter(Boolean)
    .map((line) => withoutClock(JSON.parse(line)));

/** Texts that should be JSON and are not differ as texts. */
function parsed(parse, base, work) {
  try {
    return differingValues(parse(text(base)), parse(text(work)));
  } catch {
    return differingTextLines(text(base), text(work));
  }
}

function differingBytes(base, work) {
  if (Buffer.compare(base, work) === 0) return [];
  const least = Math.min(base.length, work.length);
  let first = 0;
  while (first < least && base[first] === work[first]) first++;
  const sizes = base.length === work.length ? '' : `; ${base.length} and ${work.length} bytes`;
  return [{ path: '', text: `byte ${first}: ${base[first] ?? 'none'} and ${work[first] ?? 'none'}${sizes}` }];
}

/** What is compared how, by the name of the file; the first that fits. */
const kinds = [
  { noun: 'tensor file', fits: /\.safetensors$/, differences: differingTensors },
  { noun: 'log', fits: /\.jsonl$/, differences: (base, work) => parsed(records, base, work) },
  { noun: 'JSON file', fits: /\.json$/, differences: (base, work) => parsed(JSON.parse, base, work) },
  {
    noun: 'HTML file',
    fits: /\.html$/,
    differences: (base, work) => differingLines(maskHtml(text(base)), maskHtml(text(work))),
  },
  { noun: 'picture', fits: /\.png$/, differences: differingPixels },
  {
    noun: 'output',
    fits: /(^|\/)(stdout|stderr)[^/]*\.txt$/,
    differences: (base, work) => differingLines(maskMessages(text(base)), maskMessages(text(work))),
  },
  { noun: 'other file', fits: /$/, differences: differingBytes },
];

export const kindOf = (name) => kinds.find(({ fits }) => fits.test(name));

/**
 * What differs between two versions of a file; bytes are null where there is no such file.
 * @returns {{ path: string, text: string }[]} a path inside the file, and what is there in base and work
 */
export function compareFile(name, base, work) {
  if (base === null) return [{ path: '', text: 'is in the work tree only' }];
  if (work === null) return [{ path: '', text: 'is in the base only' }];
  if (Buffer.compare(base, work) === 0) return [];
  try {
    return kindOf(name).differences(base, work);
  } catch (error) {
    const [{ path, text }] = differingBytes(base, work);
    return [{ path, text: `${text} (not read as a ${kindOf(name).noun}: ${error.message})` }];
  }
}
