/** @file Writes weights as an ONNX model in Node: opens a device for the network, whose forward pass is traced. */
import { openDevice } from '../tensor/device.node.ts';
import { loadNetwork } from '../train/network.ts';
import type { RunConfig } from './config.ts';
import type { Described } from './exchange.ts';
import { onnxOf } from './onnx.ts';

/**
 * The bytes of an .onnx file of a weights file's network.
 * @throws WeightError where a weight is missing; ExportError naming an op that ONNX has no node for here
 */
export async function exportModel(
  { state, info, plan }: Described,
  adapter: RunConfig['adapter'],
): Promise<Uint8Array> {
  const device = await openDevice(adapter ? { adapter } : {});
  try {
    using network = loadNetwork(device, plan, state);
    return await onnxOf({ network, plan, info });
  } finally {
    device.dispose();
  }
}
