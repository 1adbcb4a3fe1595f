/** @file What a checkpoint says beside its tensors, and a look at it: it may be damaged, or of an earlier version. */
import * as z from 'zod/mini';
import { FileError } from '../base/errors.ts';
import { textChecksum } from '../base/hash.ts';
import type { Choices } from '../kernels/launch/variant.ts';
import type { TrainConfig } from './settings.ts';

/** The best validation so far. */
export interface Best {
  readonly step: number;
  readonly loss: number;
  /** What it was chosen by, where that is not the loss. */
  readonly figure?: number | null;
}

/** What a checkpoint says beside its tensors. */
export interface CheckpointState {
  /** Steps trained. */
  readonly step: number;
  /** Step of the last validation, 0 before the first. */
  readonly validated: number;
  readonly best: Best | null;
  readonly config: TrainConfig;
  /** Identifies the data set. */
  readonly data: string;
  /** Mark of the data set's pixels (`pixelMark`); absent in files of earlier versions. */
  readonly pixels?: string | undefined;
  /** Identifies the weights that the run started from; absent where they were drawn. */
  readonly init?: string | null | undefined;
  /** Kernel variants that tuning chose; absent in files of earlier versions. */
  readonly variants?: Choices;
  /** Ranks that trained together; absent of one. */
  readonly ranks?: number;
}

const counted = (from: number) => z.int().check(z.gte(from));
const nullable = z.nullable(z.number());

const schema = z
  .object({
    step: counted(1),
    validated: counted(0),
    // a loss that is not finite is null in JSON
    best: z.nullable(z.object({ step: counted(1), loss: nullable, figure: z.optional(nullable) })),
    config: z.looseObject({ steps: counted(1) }),
    data: z.string(),
    pixels: z.optional(z.string()),
    init: z.optional(z.nullable(z.string())),
    variants: z.optional(z.record(z.string(), z.string())),
    ranks: z.optional(counted(1)),
  })
  .check(
    z.refine(({ step, config }) => step <= config.steps, { path: ['step'] }),
    z.refine(({ validated, step }) => validated <= step, { path: ['validated'] }),
    z.refine(({ best, validated }) => !best || best.step <= validated, { path: ['best', 'step'] }),
  );

const advice = 'Go on from an earlier checkpoint.';

/** A state as it was written. Throws FileError naming what of it cannot be. */
export function stateOf(text: string, file: string): CheckpointState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(file, 'its state is no JSON', advice, { cause });
  }
  const { success, error } = z.safeParse(schema, value);
  if (success) return value as CheckpointState;
  const path = error.issues[0]!.path;
  const found = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], value);
  const shown = JSON.stringify(found)?.slice(0, 100) ?? 'missing';
  throw new FileError(file, `its state is damaged: ${path.join('.') || 'it'} is ${shown}`, advice);
}

/** Checksums of a checkpoint: of each tensor's bytes, and of its state with these and the tensors' names, types and shapes. */
export interface Checksums {
  readonly state: string;
  readonly tensors: Readonly<Record<string, string>>;
}

/** Of what the tensors' checksums are about. */
export interface TensorFacts {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly checksum: string;
}

/** CRC-32 finds every single flipped bit and every damaged stretch of up to 32, and of others all but one in 2^32. */
export function checksumsOf(state: string, tensors: ReadonlyMap<string, TensorFacts>): Checksums {
  const facts = [...tensors].map(([name, { dtype, shape, checksum }]) => [name, dtype, shape, checksum]);
  return {
    // whatever the order they lie in
    state: textChecksum(`${state}\n${JSON.stringify(facts.sort(([a], [b]) => (a! < b! ? -1 : 1)))}`),
    tensors: Object.fromEntries([...tensors].map(([name, { checksum }]) => [name, checksum])),
  };
}

/**
 * Throws FileError naming the first tensor that is not as it was written, or the state.
 * @param text the checksums as they were written
 * @param found those of what was read
 */
export function expectChecksums(text: string, found: Checksums, file: string): void {
  let written: Partial<Checksums> | null;
  try {
    written = JSON.parse(text) as Partial<Checksums> | null;
  } catch (cause) {
    throw new FileError(file, 'its checksums are no JSON', advice, { cause });
  }
  for (const [name, checksum] of Object.entries(found.tensors))
    if (written?.tensors?.[name] !== checksum)
      throw new FileError(file, `tensor ${name} is damaged: its checksum is another`, advice);
  if (written?.state !== found.state)
    throw new FileError(file, 'its state is damaged: its checksum is another', advice);
}
