// Weights to PyTorch and back: node weights.mjs FILE. What it writes, safetensors.torch.load_file and load_state_dict read.
import { readFile, writeFile } from 'node:fs/promises';
import { decodeWeights, encodeWeights, layers, openDevice, readWeights, Sequential } from 'planewise/engine';

const [file = 'weights.safetensors'] = process.argv.slice(2);
const device = await openDevice();
const spec = () => [
  layers.conv2d({ channelsIn: 1, channelsOut: 4, kernel: 3 }),
  layers.relu(),
  layers.flatten(),
];

// in PyTorch: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten())
const net = new Sequential(device, spec(), { seed: 1 });
await writeFile(file, encodeWeights(await readWeights(net)));

const { state } = decodeWeights(await readFile(file), file);
const other = new Sequential(device, spec(), { seed: 2 });
other.loadStateDict(state);
for (const [name, { shape, values }] of await readWeights(other)) {
  const same = values.every((value, i) => value === state.get(name).values[i]);
  console.log(name, shape.join('×'), same ? 'as it was' : 'changed');
}
device.dispose();
