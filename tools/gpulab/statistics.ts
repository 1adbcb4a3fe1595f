/** @file What drivers say of a pipeline: the text of layer/layer.c, and each driver's statistics in common words. */

/** What one driver made of one pipeline. */
export interface Executable {
  readonly subgroup: number;
  /** The driver's own names. */
  readonly statistics: Readonly<Record<string, number>>;
  /** Texts by the driver's names: the shader on its way, and the machine's code. */
  readonly code: Readonly<Record<string, string>>;
}

/** Executables by the number of their job, in the text that the layer appends to between markers `#job N`. */
export function executablesIn(text: string): Map<number, Executable> {
  const found = new Map<number, Executable>();
  for (const part of text.split(/^#job /m).slice(1)) {
    const subgroup = /^#executable subgroup=(\d+)/m.exec(part)?.[1];
    if (subgroup === undefined) continue;
    const statistics = [...part.matchAll(/^#stat (.+) = (\S+)$/gm)].map(([, name, value]) => [
      name!,
      Number(value),
    ]);
    const code = [...part.matchAll(/^#code (.+)\n([\s\S]*?)\n#endcode$/gm)].map(([, name, body]) => [
      name!,
      body!,
    ]);
    found.set(Number.parseInt(part, 10), {
      subgroup: Number(subgroup),
      statistics: Object.fromEntries(statistics),
      code: Object.fromEntries(code),
    });
  }
  return found;
}

/** Figures of a pipeline on a device. */
export interface Figures {
  /** Of 32 bits an invocation; of 16 on Apple; four a register on Adreno. */
  readonly registers: number;
  /** Values written to memory for want of registers; on Adreno stores to it. */
  readonly spills: number;
  /** Values read back; null where the driver does not say. */
  readonly fills: number | null;
  /** Bytes of memory an invocation, for spills and for arrays that no register can hold; null where it is not said. */
  readonly scratch: number | null;
  /** How many fit, by what registers they take. */
  readonly occupancy: number;
  readonly unit: 'warps' | 'waves' | 'threads';
  /** Bytes. */
  readonly code: number;
}

/** The driver's own name of its registers says who it is. */
const readers: Readonly<Record<string, (of: (name: string) => number) => Figures>> = {
  // NAK (NVK): warps a multiprocessor
  'Number of GPRs': (of) => ({
    registers: of('Number of GPRs'),
    spills: of('Spills to memory'),
    fills: of('Fills from memory'),
    scratch: of('SLM size'),
    occupancy: of('Max warps/SM'),
    unit: 'warps',
    code: of('Code size'),
  }),
  // ACO (RADV): waves a SIMD
  VGPRs: (of) => ({
    registers: of('VGPRs'),
    spills: of('Spilled VGPRs') + of('Spilled SGPRs'),
    fills: null,
    scratch: of('Scratch size'),
    occupancy: of('Subgroups per SIMD'),
    unit: 'waves',
    code: of('Code size'),
  }),
  // AGX (Honeykrisp): threads a core
  GPRs: (of) => ({
    registers: of('GPRs'),
    spills: of('Spills'),
    fills: of('Fills'),
    scratch: of('Scratch'),
    occupancy: of('Threads'),
    unit: 'threads',
    code: of('Code size'),
  }),
  // ir3 (Turnip): waves a core
  'Registers used': (of) => ({
    registers: of('Registers used'),
    spills: of('STP Count'),
    fills: of('LDP Count'),
    scratch: null,
    occupancy: of('Max Waves Per Core'),
    unit: 'waves',
    code: of('Code size'),
  }),
};

/**
 * The figures of a pipeline.
 * @throws Error for a driver whose statistics are not known, or one that leaves out what the others say
 */
export function figuresOf({ statistics }: Executable): Figures {
  const known = Object.keys(readers).find((name) => name in statistics);
  if (!known)
    throw new Error(
      `Statistics of no known driver: ${Object.keys(statistics).join(', ')}. Add it to statistics.ts.`,
    );
  return readers[known]!((name) => {
    const value = statistics[name];
    if (value === undefined) throw new Error(`The driver that counts ${known} does not say "${name}".`);
    return value;
  });
}
