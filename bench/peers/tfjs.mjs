/** @file TensorFlow.js with its WebGPU backend as an engine of the step benchmark: the same network. */
import { provideNavigator, serve } from '../../dist/bench/serve.js';

// The backend registers itself on import, and only where it finds navigator.gpu.
await provideNavigator();
const tf = await import('@tensorflow/tfjs');
await import('@tensorflow/tfjs-backend-webgpu');

function conv(x, w, name) {
  return x.conv2d(w[`${name}.weight`], 1, 'same').add(w[`${name}.bias`]);
}

function batchNorm(x, w, name) {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(x, mean, variance, w[`${name}.bias`], w[`${name}.weight`], 1e-5);
}

function encoderBlock(x, w, name) {
  return ['conv1', 'conv2'].reduce(
    (y, unit) => batchNorm(conv(y, w, `${name}.${unit}.0`), w, `${name}.${unit}.1`).relu(),
    x,
  );
}

function decoderBlock(deep, skip, w, name) {
  const up = tf.conv2dTranspose(deep, w[`${name}.up.weight`], skip.shape, 2, 'same');
  const joined = tf.concat([up.add(w[`${name}.up.bias`]), skip], 3);
  return ['conv1', 'conv2'].reduce((y, unit) => conv(y, w, `${name}.conv.${unit}.0`).relu(), joined);
}

function lossOf(w, images, targets) {
  const skips = [];
  let y = images;
  for (let level = 1; level <= 4; level++) {
    skips.push(encoderBlock(y, w, `conv${level}`));
    y = skips.at(-1).maxPool(2, 2, 'valid');
  }
  y = encoderBlock(y, w, 'center');
  for (let level = 4; level >= 1; level--) y = decoderBlock(y, skips[level - 1], w, `up_concat${level}`);
  return conv(y, w, 'final').sub(targets).square().mean();
}

async function start({ sizes, batch, weights, adam }) {
  tf.enableProdMode();
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs could not start its WebGPU backend');
  const { batch: count, side } = sizes;
  const images = tf.tensor(batch.images, [count, side, side, 1]);
  const targets = tf.tensor(batch.targets, [count, side, side, 2]);
  const variables = Object.fromEntries(
    weights.map(({ name, shape, values }) => [name, tf.variable(tf.tensor(values, shape))]),
  );
  const optimizer = tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon);
  return {
    async step() {
      const loss = optimizer.minimize(() => lossOf(variables, images, targets), true);
      const [value] = await loss.data();
      loss.dispose();
      return { loss: value };
    },
  };
}

serve(start);
