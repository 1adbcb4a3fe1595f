/** @file Reads NAK's assembly: instructions in basic blocks, and the edges between them. */

export interface Instruction {
  /** With its modifiers: `ffma.ftz`, `hmma.m16n8k16.f32`. */
  readonly op: string;
  /** What it writes, and what it reads. */
  readonly to: readonly string[];
  readonly from: readonly string[];
}

export interface Block {
  readonly number: number;
  readonly instructions: readonly Instruction[];
  readonly next: readonly number[];
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

/** `@!p0 r1 = iadd3 r0 0x1 rZ // delay=6`; undefined for a line without any. */
function instructionOf(line: string): Instruction | undefined {
  const body = line
    .replace(/\/\/.*$/, '')
    .replace(/^@\S+/, '')
    .trim();
  if (!body) return undefined;
  const [left, right] = body.includes(' = ') ? body.split(' = ', 2) : ['', body];
  const [op, ...from] = words(right!.trim());
  return { op: op!, to: words(left!), from };
}

/** The blocks of `block 4 L11 [3] -> {` … `} -> [5, 10]`, in the order of the text. */
export function nakBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { number: number; instructions: Instruction[] } | undefined;
  for (const line of text.split('\n')) {
    const begins = /^block(?:\.u)?\s+(\d+)/.exec(line);
    if (begins) {
      open = { number: Number(begins[1]), instructions: [] };
    } else if (open && line.startsWith('}')) {
      const next = [...line.matchAll(/\d+/g)].map(([number]) => Number(number));
      blocks.push({ ...open, next });
      open = undefined;
    } else {
      const instruction = instructionOf(line);
      if (open && instruction) open.instructions.push(instruction);
    }
  }
  return blocks;
}
