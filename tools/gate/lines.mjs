/** @file Compares two texts line by line; a line that differs is its own path. */

const WIDTH = 120;

/** As much of a line as a terminal shows, from a little before where it leaves its counterpart. */
function shown(line, other = '') {
  let first = 0;
  while (first < line.length && line[first] === other[first]) first++;
  const start = line.length > WIDTH ? Math.max(0, first - WIDTH / 3) : 0;
  const end = start + WIDTH;
  return `${start > 0 ? '…' : ''}${line.slice(start, end)}${line.length > end ? '…' : ''}`;
}

/**
 * Lengths of the longest common subsequences of the rests of two lists: entry i·(m + 1) + j is of base from i and work
 * from j.
 */
function commonLengths(base, work) {
  const width = work.length + 1;
  const lengths = new Uint32Array((base.length + 1) * width);
  for (let i = base.length - 1; i >= 0; i--)
    for (let j = work.length - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] =
        base[i] === work[j] ? lengths[at + width + 1] + 1 : Math.max(lengths[at + width], lengths[at + 1]);
    }
  return lengths;
}

/** More pairs of lines than this are not aligned: what follows the first difference differs too. */
const MOST_PAIRS = 25_000_000;

/** Lines of only one of two lists, in order. */
function unmatched(base, work) {
  if (base.length * work.length > MOST_PAIRS) return [{ side: 'base', index: 0, line: base[0] }];
  const lengths = commonLengths(base, work);
  const width = work.length + 1;
  const found = [];
  for (let [i, j] = [0, 0]; i < base.length || j < work.length; ) {
    const at = i * width + j;
    if (i < base.length && base[i] === work[j]) {
      i++;
      j++;
    } else if (j === work.length || (i < base.length && lengths[at + width] >= lengths[at + 1]))
      found.push({ side: 'base', index: i, line: base[i++] });
    else found.push({ side: 'work', index: j, line: work[j++] });
  }
  return found;
}

/** Lines that only one of two lists has; their paths are what they say. */
export function differingLines(base, work) {
  let start = 0;
  while (start < base.length && start < work.length && base[start] === work[start]) start++;
  let [endBase, endWork] = [base.length, work.length];
  while (endBase > start && endWork > start && base[endBase - 1] === work[endWork - 1]) {
    endBase--;
    endWork--;
  }
  const found = unmatched(base.slice(start, endBase), work.slice(start, endWork));
  const sides = { base: [], work: [] };
  for (const one of found) sides[one.side].push(one);
  const counterpart = (one) => sides[one.side === 'base' ? 'work' : 'base'][sides[one.side].indexOf(one)];
  return found.map((one) => ({
    path: one.line,
    place: `line ${start + one.index + 1}`,
    text: `in the ${one.side === 'base' ? 'base' : 'work tree'} only: ${shown(one.line, counterpart(one)?.line)}`,
  }));
}

export const differingTextLines = (base, work) => differingLines(base.split('\n'), work.split('\n'));
