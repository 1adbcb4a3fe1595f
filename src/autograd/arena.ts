/** @file The parameters of a model and their gradients side by side, so that optimiser, norm and checkpoint are one pass each. */
import { cast } from '../kernels/cast.ts';
import { launch, linearGrid } from '../kernels/launch/queue.ts';
import { runOp } from '../kernels/op.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import { tensor } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Arena, type ArenaEntry, HalfArena, type Layout, padded, sum } from './arenaSlices.ts';
import { joined, piecesOf } from './pieces.ts';
import { type ArenaRun, cutAtWindows, windowed, windowOf, windowsOf } from './windows.ts';

export { Arena, type ArenaEntry } from './arenaSlices.ts';
export type { ArenaRun } from './windows.ts';

/** What is kept of parameters besides their values and gradients. */
export interface ParameterOptions {
  /** Whether there is a copy of the parameters in f16 too (`halves`). */
  readonly halves?: boolean;
}

/**
 * The trainable parameters of a model and their gradients, an arena each. Backward writes a parameter's gradient
 * straight into its slice of the gradient arena.
 * @example
 * const net = new Sequential(device, [layers.linear(2, 1)]);
 * const result = net.arena.device === device;
 * net.dispose();
 * result; // true
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
  /** What kernels that go over all of it take it in; counted in f32. */
  readonly windows: readonly ArenaRun[];
  /**
   * Elements behind parameters whose count is no multiple of 4, by window, counted from its begin: kernels that write
   * whole vec4s spill there.
   */
  readonly #tails: ReadonlyMap<ArenaRun, Tensor>;

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
    this.windows = windowsOf(device, this.values.size / 4);
    const tails = [...this.parameters.values()].flatMap(tailOf);
    this.#tails = new Map(
      this.windows.flatMap((window) => {
        const [begin, end] = [4 * window.first, 4 * (window.first + window.quads)];
        const own = tails.filter((at) => at >= begin && at < end).map((at) => at - begin);
        if (own.length === 0) return [];
        return [[window, disown(tensor(device, own, [own.length], 'u32', 'gradient tails'))] as const];
      }),
    );
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
    for (const window of this.windows) {
      using values = windowOf(this.values, window);
      using halves = windowOf(this.#halves.whole, window);
      runOp(cast, [values], { dtype: 'f16' }, { into: [halves] });
    }
    this.#cast = { recording, clock: storage.clock };
  }

  /** Number of parameter elements, without padding. */
  get count(): number {
    return sum([...this.parameters.values()].map((parameter) => parameter.size));
  }

  /** A zeroed tensor with the arena's layout, for moments; its owner disposes it. */
  zerosLike(label: string): Tensor {
    const moments = windowed(this.device, this.values.size, 'f32', label);
    moments.write(new Float32Array(moments.size));
    return moments;
  }

  /** Forgets every gradient; the next backward overwrites them. Launches nothing. */
  zeroGrad(): void {
    for (const parameter of this.parameters.values()) parameter.grad = undefined;
  }

  /** Zeroes the slots that no gradient reached since `zeroGrad()`, and the padding; call before reading the arena. */
  completeGradients(): void {
    const { has } = this.#reached();
    const untouched = joined(this.#runs((parameter) => !has(parameter)));
    for (const { window, run } of cutAtWindows(this.windows, untouched)) this.#clear(window, run);
    for (const [window, tails] of this.#tails) {
      using elements = windowOf(this.gradients, window);
      const count = tails.size;
      launch(
        this.device,
        shaders.optimclear,
        'scatter',
        { elements, tails },
        { first: 0, count },
        linearGrid(count, this.#workgroup),
        this.#specialization,
        'gradients.tails',
      );
    }
  }

  /** The runs of parameters that have a gradient: what an optimiser may touch. */
  runs(): ArenaRun[] {
    return joined(this.#runs(this.#reached().has));
  }

  /**
   * A few runs that hold all gradients there are, in the order in which backward is done with them: from the arena's end,
   * as the forward pass goes through it from its begin. The last are small, for nothing is left to do beside them.
   */
  pieces(): ArenaRun[] {
    return cutAtWindows(this.windows, piecesOf(this.#runs(this.#reached().has))).map(({ run }) => run);
  }

  /** Which parameters have a gradient. In a step being recorded that makes any of its own, those left over do not count. */
  #reached(): { has: (parameter: Tensor) => boolean } {
    const own = [...this.parameters.values()].some((parameter) => parameter.heldGrad.soFar !== undefined);
    return { has: (parameter) => (own ? parameter.heldGrad.soFar : parameter.grad) !== undefined };
  }

  dispose(): void {
    this.zeroGrad();
    this.#values.dispose();
    this.#gradients.dispose();
    this.#halves?.dispose();
    for (const tails of this.#tails.values()) tails.dispose();
  }

  get #workgroup(): number {
    return this.device.caps.workgroup;
  }

  get #specialization() {
    return { overrides: { WORKGROUP: this.#workgroup } };
  }

  #clear(window: ArenaRun, { first, quads }: ArenaRun): void {
    using gradients = windowOf(this.gradients, window);
    const tensors = { gradients };
    const params = { first: first - window.first, count: quads };
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

  /** Of each parameter that is wanted. */
  #runs(wanted: (parameter: Tensor) => boolean): ArenaRun[] {
    return [...this.parameters.values()].filter(wanted).map(({ offset, shape }) => ({
      first: offset / 16,
      quads: padded(shape, this.#layout) / 4,
    }));
  }
}

/** Arena indices of the elements between a parameter's end and the next multiple of 4. */
function tailOf(parameter: Tensor): number[] {
  const end = parameter.offset / 4 + parameter.size;
  return Array.from({ length: (4 - (parameter.size % 4)) % 4 }, (_, i) => end + i);
}
