/** @file Writes weights as an ONNX model in Node: opens a device for the network, whose forward pass is traced. */
import type { OnnxModel } from '../exchange/onnx/export.ts';
import { loadNetwork } from '../train/network.ts';
import type { RunConfig } from './config.ts';
import { openProgramDevice } from './device.node.ts';
import type { Described } from './exchange.ts';
import { onnxOf } from './onnx.ts';

/**
 * A weights file's network as an ONNX model.
 * @throws WeightError where a weight is missing; ExportError naming an op that ONNX has no node for here
 */
export async function exportModel(
  { state, info, plan, file }: Described & { readonly file?: string },
  adapter: RunConfig['adapter'],
): Promise<OnnxModel> {
  const device = await openProgramDevice({ ...(adapter && { adapter }) });
  try {
    using network = loadNetwork(device, plan, state, file);
    return await onnxOf({ network, plan, info });
  } finally {
    device.dispose();
  }
}
