/** @file A random program: steps over a growing list of tensors, run on the device and in float64. */
import * as ops from '../../../src/autograd/ops.ts';
import { uniforms } from '../../../src/base/random.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Device } from '../../../src/tensor/device.ts';
import { elementCount, type Shape } from '../../../src/tensor/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { type Host, host } from '../../check.ts';

/** Seeded choices. */
export class Draw {
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  uniform(): number {
    const [u] = uniforms(1, this.#seed, this.#count++);
    return u!;
  }

  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  chance(p: number): boolean {
    return this.uniform() < p;
  }

  choose<T>(list: readonly T[]): T {
    return list[this.integer(list.length)]!;
  }
}

/** One op of a program, in both worlds. */
export interface Step {
  readonly label: string;
  readonly inputs: readonly number[];
  device(...inputs: Tensor[]): Tensor;
  reference(...inputs: Host[]): Host;
  /** How far the inputs are from where the gradient jumps; default infinite. */
  margin?(...inputs: Host[]): number;
  /** The output is a constant to the gradient. */
  readonly detached?: boolean;
}

/** Makes a step from what there is, or none where nothing fits. */
export type Maker = (draw: Draw, program: Program) => Step | null;

/** Nearer to a jump of the gradient float32 may stand on the other side. */
const LEAST_MARGIN = 1e-3;
const MOST = 30;

/** Values in float64: leaves first, then those of the steps. */
export class Program {
  /** Values of the leaves, rounded to float32. */
  readonly leaves: Host[] = [];
  /** What happens, in order: a leaf appears, or a step runs. */
  readonly nodes: (Step | { readonly leaf: number })[] = [];
  readonly values: Host[] = [];
  readonly #draw: Draw;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** A fresh leaf; gives its node. */
  leaf(shape: Shape, low = -1, high = 1): number {
    const data = Float64Array.from({ length: elementCount(shape) }, () =>
      Math.fround(low + (high - low) * this.#draw.uniform()),
    );
    const value = host(shape, data);
    this.values.push(value);
    this.leaves.push(value);
    return this.nodes.push({ leaf: this.leaves.length - 1 }) - 1;
  }

  /** Adds a step, unless its values are too large or too near a jump; whether it did. */
  add(step: Step): boolean {
    const inputs = step.inputs.map((input) => this.values[input]!);
    if ((step.margin?.(...inputs) ?? 1) < LEAST_MARGIN) return false;
    const value = step.reference(...inputs);
    if (value.data.length > 600 || value.data.some((v) => !(Math.abs(v) < MOST))) return false;
    this.values.push(value);
    this.nodes.push(step);
    return true;
  }

  shape(node: number): Shape {
    return this.values[node]!.shape;
  }

  /** A node whose shape passes, any of them with the same chance. */
  find(fits: (shape: Shape) => boolean): number | undefined {
    const fitting = this.values.flatMap(({ shape }, node) => (fits(shape) ? [node] : []));
    return fitting.length ? this.#draw.choose(fitting) : undefined;
  }

  /** Nodes that no step reads: the loss is made of them. */
  get sinks(): number[] {
    const read = new Set(this.nodes.flatMap((node) => ('leaf' in node ? [] : node.inputs)));
    return this.nodes.flatMap((_, node) => (read.has(node) ? [] : [node]));
  }

  /** Σ over the sinks of mean square, from leaves that may differ from the program's. */
  reference(leaves: readonly Host[]): number {
    const values: Host[] = [];
    for (const [i, node] of this.nodes.entries()) {
      if ('leaf' in node) values.push(leaves[node.leaf]!);
      else if (node.detached) values.push(this.values[i]!);
      else values.push(node.reference(...node.inputs.map((input) => values[input]!)));
    }
    return this.sinks.reduce((loss, node) => {
      const { data } = values[node]!;
      return loss + data.reduce((sum, v) => sum + v * v, 0) / data.length;
    }, 0);
  }

  /** The same on the device; `made` gets every tensor on the way. */
  device(leaves: readonly Tensor[], made: Tensor[] = []): Tensor {
    const tensors: Tensor[] = [];
    for (const node of this.nodes) {
      if ('leaf' in node) tensors.push(leaves[node.leaf]!);
      else {
        const y = node.device(...node.inputs.map((input) => tensors[input]!));
        tensors.push(y);
        made.push(y);
      }
    }
    const losses = this.sinks.map((node) => ops.mean(ops.square(tensors[node]!)));
    return losses.reduce((a, b) => ops.add(a, b));
  }

  /** The leaves on the device, tracked. */
  upload(device: Device): Tensor[] {
    return this.leaves.map(({ data, shape }) => {
      const leaf = tensor(device, data, shape);
      leaf.requiresGrad = true;
      return leaf;
    });
  }

  get text(): string {
    return this.nodes
      .map((node, i) =>
        'leaf' in node
          ? `%${i} = leaf [${this.shape(i)}]`
          : `%${i} = ${node.label}(${node.inputs.map((n) => `%${n}`).join(', ')}) [${this.shape(i)}]`,
      )
      .join('\n');
  }
}

/** A program of about `length` steps by the makers. */
export function randomProgram(seed: number, makers: readonly Maker[], length = 8): Program {
  const draw = new Draw(seed);
  const program = new Program(draw);
  const small = () => 1 + draw.integer(5);
  program.leaf([1 + draw.integer(2), 2 + draw.integer(4), 2 + draw.integer(4), small()]);
  program.leaf([2 + draw.integer(4), small()]);
  program.leaf([small()]);
  for (let tries = 0, steps = 0; steps < length && tries < 20 * length; tries++) {
    const step = draw.choose(makers)(draw, program);
    if (step && program.add(step)) steps++;
  }
  return program;
}
