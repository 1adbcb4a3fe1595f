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

/** Records of a log by their lines. */
function records(content) {
  const lines = content.split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line, i) => [`line ${i + 1}`, withoutClock(JSON.parse(line))]));
}

/** Texts that should be JSON and are not differ as texts. */
function parsed(parse, base, work, differingTexts = differingTextLines) {
  try {
    return differingValues(parse(base), parse(work));
  } catch {
    return differingTexts(base, work);
  }
}

const differingHtml = (base, work) => differingLines(maskHtml(base), maskHtml(work));
const differingMessages = (base, work) => differingLines(maskMessages(base), maskMessages(work));

/** A comparison of texts as one of bytes. */
const ofTexts = (differences) => (base, work) => differences(text(base), text(work));

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
  {
    noun: 'log',
    fits: /\.jsonl$/,
    differences: ofTexts((base, work) => parsed(records, base, work)),
  },
  {
    noun: 'JSON file',
    fits: /\.json$/,
    differences: ofTexts((base, work) => parsed(JSON.parse, base, work)),
  },
  { noun: 'HTML file', fits: /\.html$/, differences: ofTexts(differingHtml) },
  { noun: 'picture', fits: /\.png$/, differences: differingPixels },
  {
    // JSON where it was asked for
    noun: 'output',
    fits: /(^|\/)(stdout|stderr)[^/]*\.txt$/,
    differences: ofTexts((base, work) => parsed(JSON.parse, base, work, differingMessages)),
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
