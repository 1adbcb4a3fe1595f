/** @file Arenas: named tensors side by side in one buffer, so that optimiser, norm, all-reduce and checkpoint are one pass. */
import { cast } from '../kernels/cast.ts';
import { launch, linearGrid } from '../kernels/launch/queue.ts';
import { runOp } from '../kernels/op.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import { empty, tensor } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** One tensor of an arena, f32. */
export interface ArenaEntry {
  readonly name: string;
  readonly shape: Shape;
  /** First values; zeros where left out. */
  readonly values?: ArrayLike<number>;
}

/** A run of an arena in units of four elements. */
export interface ArenaRun {
  readonly first: number;
  readonly quads: number;
}

/** Elements in 256 bytes, which slices are aligned to: of f32, and of f16 where a copy in f16 has the same layout. */
const ALIGNMENT = { f32: 64, f16: 128 };
type Layout = keyof typeof ALIGNMENT;

const padded = (shape: Shape, layout: Layout): number =>
  Math.ceil(elementCount(shape) / ALIGNMENT[layout]) * ALIGNMENT[layout];

/** Named tensors in one buffer, each at a 256-byte boundary; the padding between them is zero. Owns its storage. */
export class Arena {
  readonly device: Device;
  /** Every element, padding included. */
  readonly whole: Tensor;
  readonly slices: ReadonlyMap<string, Tensor>;

  constructor(device: Device, entries: readonly ArenaEntry[], label: string, layout: Layout = 'f32') {
    this.device = device;
    const sizes = entries.map(({ shape }) => padded(shape, layout));
    const host = new Float32Array(Math.max(ALIGNMENT[layout], sum(sizes)));
    const starts = startsOf(sizes);
    for (const [i, { values }] of entries.entries()) if (values) host.set(values, starts[i]!);
    this.whole = disown(tensor(device, host, [host.length], 'f32', label));
    this.slices = new Map(
      entries.map(({ name, shape }, i) => [name, sliceOf(this.whole, shape, name, starts[i]!)]),
    );
  }

  dispose(): void {
    for (const slice of this.slices.values()) slice.dispose();
    this.whole.dispose();
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function startsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return end - size;
  });
}

function sliceOf(whole: Tensor, shape: Shape, name: string, start: number): Tensor {
  const spec = { shape, dtype: whole.dtype };
  return disown(new Tensor(whole.device, whole.storage.retain(), spec, name, 4 * start));
}

/** A parameter arena in f16, for the kernels of mixed precision to read. */
class HalfArena {
  readonly whole: Tensor;
  readonly slices: ReadonlyMap<string, Tensor>;

  constructor(values: Arena) {
    const spec = { shape: values.whole.shape, dtype: 'f16' as const };
    this.whole = disown(empty(values.device, spec, 'parameters in f16'));
    this.slices = new Map([...values.slices].map(([name, master]) => [name, this.#copyOf(master)]));
  }

  dispose(): void {
    for (const slice of this.slices.values()) slice.dispose();
    this.whole.dispose();
  }

  #copyOf(master: Tensor): Tensor {
    const { device, storage } = this.whole;
    const spec = { shape: master.shape, dtype: 'f16' as const };
    const copy = disown(new Tensor(device, storage.retain(), spec, master.label, master.offset / 2));
    copy.master = master;
    return copy;
  }
}

export interface ParameterOptions {
  /** Whether there is a copy of the parameters in f16 too (`halves`). */
  readonly halves?: boolean;
}

/**
 * The trainable parameters of a model and their gradients, an arena each. Backward writes a parameter's gradient
 * straight into its slice of the gradient arena.
 */
export class ParameterArena {
  readonly device: Device;
  /** Every parameter by name, in the arena's order. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly #values: Arena;
  readonly #gradients: Arena;
  readonly #halves: HalfArena | undefined;
  readonly #layout: Layout;
  /** When the copies in f16 were made: by whom, and the write clock of the parameters then. */
  #cast: { readonly recording: object | undefined; readonly clock: number } | undefined;
  /** Elements behind parameters whose count is no multiple of 4: kernels that write whole vec4s spill there. */
  readonly #tails: Tensor;

  constructor(device: Device, entries: readonly ArenaEntry[], { halves = false }: ParameterOptions = {}) {
    this.device = device;
    this.#layout = halves ? 'f16' : 'f32';
    this.#values = new Arena(device, entries, 'parameters', this.#layout);
    const shapes = entries.map(({ name, shape }) => ({ name, shape }));
    this.#gradients = new Arena(device, shapes, 'gradients', this.#layout);
    this.#halves = halves ? new HalfArena(this.#values) : undefined;
    this.parameters = this.#values.slices;
    for (const [name, parameter] of this.parameters) {
      parameter.requiresGrad = true;
      parameter.gradSlot = this.#gradients.slices.get(name)!;
    }
    const tails = [...this.parameters.values()].flatMap(tailOf);
    this.#tails = disown(tensor(device, tails, [tails.length], 'u32', 'gradient tails'));
  }

  /** All parameters as one tensor, padding included. */
  get values(): Tensor {
    return this.#values.whole;
  }

  /** All gradients as one tensor, padding included; complete after `completeGradients()`. */
  get gradients(): Tensor {
    return this.#gradients.whole;
  }

  /** The parameters in f16 by name, as they were at the last `refreshHalves()`; their gradients are the parameters'. */
  get halves(): ReadonlyMap<string, Tensor> | undefined {
    return this.#halves?.slices;
  }

  /** Casts every parameter to f16, in one launch, if any was written since; call before the kernels that read them. */
  refreshHalves(): void {
    if (!this.#halves) return;
    const { storage, region } = this.values;
    const { recording } = this.device;
    // A step casts for itself: what changes between its runs is not known when it is recorded.
    const last = this.#cast;
    if (last && last.recording === recording && !storage.writtenSince(region, last.clock)) return;
    runOp(cast, [this.values], { dtype: 'f16' }, { into: [this.#halves.whole] });
    this.#cast = { recording, clock: storage.clock };
  }

  /** Number of parameter elements, without padding. */
  get count(): number {
    return sum([...this.parameters.values()].map((parameter) => parameter.size));
  }

  /** A zeroed tensor with the arena's layout, for moments; its owner disposes it. */
  zerosLike(label: string): Tensor {
    const elements = this.values.size;
    return disown(tensor(this.device, new Float32Array(elements), [elements], 'f32', label));
  }

  /** Forgets every gradient; the next backward overwrites them. Launches nothing. */
  zeroGrad(): void {
    for (const parameter of this.parameters.values()) parameter.grad = undefined;
  }

  /** Zeroes the slots that no gradient reached since `zeroGrad()`, and the padding; call before reading the arena. */
  completeGradients(): void {
    const { has } = this.#reached();
    for (const run of this.#runs((parameter) => !has(parameter))) this.#clear(run);
    const count = this.#tails.size;
    if (count === 0) return;
    const tensors = { elements: this.gradients, tails: this.#tails };
    const params = { first: 0, count };
    launch(
      this.device,
      shaders.optimclear,
      'scatter',
      tensors,
      params,
      linearGrid(count, this.#workgroup),
      this.#specialization,
      'gradients.tails',
    );
  }

  /** The runs of parameters that have a gradient: what an optimiser may touch. */
  runs(): ArenaRun[] {
    return this.#runs(this.#reached().has);
  }

  /** Which parameters have a gradient. In a step being recorded that makes any of its own, those left over do not count. */
  #reached(): { has: (parameter: Tensor) => boolean } {
    const own = [...this.parameters.values()].some((parameter) => parameter.gradSoFar !== undefined);
    return { has: (parameter) => (own ? parameter.gradSoFar : parameter.grad) !== undefined };
  }

  dispose(): void {
    this.zeroGrad();
    this.#values.dispose();
    this.#gradients.dispose();
    this.#halves?.dispose();
    this.#tails.dispose();
  }

  get #workgroup(): number {
    return this.device.caps.workgroup;
  }

  get #specialization() {
    return { overrides: { WORKGROUP: this.#workgroup } };
  }

  #clear({ first, quads }: ArenaRun): void {
    const tensors = { gradients: this.gradients };
    const params = { first, count: quads };
    const grid = linearGrid(quads, this.#workgroup);
    launch(
      this.device,
      shaders.optimclear,
      'clear',
      tensors,
      params,
      grid,
      this.#specialization,
      'gradients.clear',
    );
  }

  #runs(wanted: (parameter: Tensor) => boolean): ArenaRun[] {
    const runs: { first: number; quads: number }[] = [];
    for (const parameter of this.parameters.values()) {
      if (!wanted(parameter)) continue;
      const first = parameter.offset / 16;
      const quads = padded(parameter.shape, this.#layout) / 4;
      const last = runs.at(-1);
      if (last && last.first + last.quads === first) last.quads += quads;
      else runs.push({ first, quads });
    }
    return runs;
  }
}

/** Arena indices of the elements between a parameter's end and the next multiple of 4. */
function tailOf(parameter: Tensor): number[] {
  const end = parameter.offset / 4 + parameter.size;
  return Array.from({ length: (4 - (parameter.size % 4)) % 4 }, (_, i) => end + i);
}
