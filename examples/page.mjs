// Training in a web page; a bundler for the browser takes it as it is: npx esbuild page.mjs --bundle --format=esm
import { layers, Optimizer, openDevice, Sequential, Tape, tensor } from 'planewise/engine';
import * as ops from 'planewise/ops';

/** Fits y = 2 x by gradient descent, and says how far it is. */
export async function train(say) {
  const device = await openDevice();
  const net = new Sequential(device, [layers.linear(1, 1)], { seed: 1 });
  const [x, y] = [tensor(device, [-1, 0, 1, 2], [4, 1]), tensor(device, [-2, 0, 2, 4], [4, 1])];
  const optimizer = new Optimizer(net.arena, { kind: 'sgd' });
  for (let step = 1; step <= 50; step++) {
    const tape = new Tape();
    const loss = ops.mse(net.forward(x, { training: true }), y);
    net.arena.zeroGrad();
    tape.backward(loss);
    tape.dispose();
    optimizer.prepare(step, 0.1);
    optimizer.apply(loss);
    if (step % 25 === 0) say(`step ${step}: loss ${(await loss.item()).toFixed(4)}`);
    loss.dispose();
  }
  device.dispose();
}

if (globalThis.document) await train((text) => document.body.append(text, document.createElement('br')));
