/** @file Layers one after another. */
import { ShapeError } from '../../base/errors.ts';
import { describe } from '../../kernels/checks.ts';
import { expectDeclarations } from '../declare.ts';
import { type Layer, type LayerSpec, placed } from '../layer.ts';

/** Layers by name, or in order: their names are then `0`, `1`, …, as in PyTorch. */
export type LayerList = readonly LayerSpec[] | Readonly<Record<string, LayerSpec>>;

/**
 * Layers one after another as one layer.
 * @example
 * const net = new Network(device, layers.sequential([layers.linear(2, 8), layers.linear(8, 3)]));
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export function sequential(list: LayerList): LayerSpec {
  if (typeof list !== 'object' || list === null) {
    const fix = 'A list of layers is needed, or an object of them by name.';
    throw new ShapeError('sequential', 'layers', `is ${describe(list)}`, fix);
  }
  return (at) => {
    expectDeclarations('sequential', at);
    const chain: Layer[] = Object.entries(list).map(([name, spec]) => placed(spec, at.at(name)));
    return { forward: (x, mode) => chain.reduce((y, layer) => layer.forward(y, mode), x) };
  };
}
