// A classifier of images, trained from scratch: is the bright bar upright or level? Prints loss and accuracy.
import { capture, layers, Optimizer, openDevice, Sequential, Tape, tensor } from 'planewise/engine';
import * as ops from 'planewise/ops';

const [batch, side] = [32, 16];

let state = 1;
/** The same numbers from 0 to 1 in every run. */
function random() {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
}

/** Images [batch, side, side, 1] of a bar in noise, and which way it lies. */
function draw() {
  const labels = Uint32Array.from({ length: batch }, () => Number(random() < 0.5));
  const images = Float32Array.from({ length: batch * side * side }, () => 0.3 * random());
  for (const [n, label] of labels.entries()) {
    const place = Math.floor(random() * side);
    for (let i = 0; i < side; i++)
      images[n * side * side + (label ? place * side + i : i * side + place)] = 1;
  }
  return { images, labels };
}

const device = await openDevice();
const { conv2d, relu, maxPool2d, flatten, linear } = layers;
const convolution = conv2d({ channelsIn: 1, channelsOut: 8, kernel: 5, padding: 2 });
const net = new Sequential(device, [convolution, relu(), maxPool2d(4), flatten(), linear(8 * 4 * 4, 2)], {
  seed: 1,
});
const images = tensor(device, new Float32Array(batch * side * side), [batch, side, side, 1]);
const labels = tensor(device, new Uint32Array(batch), [batch], 'u32');
const optimizer = new Optimizer(net.arena, { kind: 'adam' });
const step = await capture(device, () => {
  const tape = new Tape();
  const scores = net.forward(images, { training: true });
  const loss = ops.crossEntropy(scores, labels);
  tape.backward(loss);
  tape.dispose();
  optimizer.apply(loss);
  return { loss, scores };
});
for (let i = 1; i <= 100; i++) {
  const drawn = draw();
  images.write(drawn.images);
  labels.write(drawn.labels);
  optimizer.prepare(i, 0.01);
  step.run();
  if (i % 50 > 0) continue;
  const scores = await step.outputs.scores.read();
  const right = drawn.labels.filter((label, n) => Number(scores[2 * n + 1] > scores[2 * n]) === label).length;
  console.log(`step ${i}: loss ${(await step.outputs.loss.item()).toFixed(3)}, accuracy ${right / batch}`);
}
device.dispose();
