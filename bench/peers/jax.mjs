/** @file jax-js as an engine of the step benchmark: the same network, jitted as one function of weights and moments. */
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { provideNavigator, serve } from '../../dist/bench/serve.js';

/** [height, width, in, out] to [out, in, height, width]; of a transposed convolution, [height, width, out, in] likewise. */
function toKernelLast({ shape, values }) {
  const [height, width, a, b] = shape;
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const [bi, ai, x] = [i % b, Math.floor(i / b) % a, Math.floor(i / a / b) % width];
    const y = Math.floor(i / a / b / width);
    out[((bi * a + ai) * height + y) * width + x] = values[i];
  }
  return { values: out, shape: [b, a, height, width] };
}

/** [batch, height, width, channels] to [batch, channels, height, width]. */
function toChannelsFirst(values, [batch, height, width, channels]) {
  const out = new Float32Array(values.length);
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < height * width; p++)
      for (let c = 0; c < channels; c++)
        out[(n * channels + c) * height * width + p] = values[(n * height * width + p) * channels + c];
  return np.array(out).reshape([batch, channels, height, width]);
}

function weightsOf(list) {
  const entries = list.map((weight) => {
    const { values, shape } = weight.shape.length === 4 ? toKernelLast(weight) : weight;
    return [weight.name, np.array(values).reshape([...shape])];
  });
  return Object.fromEntries(entries);
}

const perChannel = (v) => v.reshape([1, v.shape[0], 1, 1]);

function conv(x, w, name, padding = 1) {
  const pads = [
    [padding, padding],
    [padding, padding],
  ];
  return lax.convGeneralDilated(x, w[`${name}.weight`], [1, 1], pads).add(perChannel(w[`${name}.bias`]));
}

function batchNorm(x, w, name) {
  const axes = [0, 2, 3];
  const centred = x.ref.sub(np.mean(x, axes, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
  const scaled = centred.mul(np.reciprocal(np.sqrt(variance.add(1e-5))));
  return scaled.mul(perChannel(w[`${name}.weight`])).add(perChannel(w[`${name}.bias`]));
}

function encoderBlock(x, w, name) {
  return ['conv1', 'conv2'].reduce(
    (y, unit) => nn.relu(batchNorm(conv(y, w, `${name}.${unit}.0`), w, `${name}.${unit}.1`)),
    x,
  );
}

function maxPool(x) {
  const [batch, channels, height, width] = x.shape;
  return np.max(x.reshape([batch, channels, height / 2, 2, width / 2, 2]), [3, 5]);
}

/** 2×2, stride 2: every input pixel gives four output pixels and none overlap, so it is a matrix product. */
function upConvolve(x, w, name) {
  const [batch, channelsIn, height, width] = x.shape;
  const weight = w[`${name}.weight`];
  const channelsOut = weight.shape[1];
  const pixels = x.transpose([0, 2, 3, 1]).reshape([batch * height * width, channelsIn]);
  const product = np.matmul(pixels, weight.reshape([channelsIn, channelsOut * 4]));
  const spread = product.reshape([batch, height, width, channelsOut, 2, 2]).transpose([0, 3, 1, 4, 2, 5]);
  return spread.reshape([batch, channelsOut, 2 * height, 2 * width]).add(perChannel(w[`${name}.bias`]));
}

function decoderBlock(deep, skip, w, name) {
  const joined = np.concatenate([upConvolve(deep, w, `${name}.up`), skip], 1);
  return ['conv1', 'conv2'].reduce((y, unit) => nn.relu(conv(y, w, `${name}.conv.${unit}.0`)), joined);
}

function lossOf(w, images, targets) {
  const skips = [];
  let y = images;
  for (let level = 1; level <= 4; level++) {
    const skip = encoderBlock(y, w, `conv${level}`);
    skips.push(skip);
    y = maxPool(skip.ref);
  }
  y = encoderBlock(y, w, 'center');
  for (let level = 4; level >= 1; level--) y = decoderBlock(y, skips[level - 1], w, `up_concat${level}`);
  return np.mean(np.square(conv(y, w, 'final', 0).sub(targets)));
}

/** Adam over every weight; `rates` is [stepSize, correction] of the step. */
function update({ beta1, beta2, epsilon }, weights, gradients, moments1, moments2, rates) {
  const next = [{}, {}, {}];
  const [stepSize, correction] = np.split(rates, 2);
  for (const name of Object.keys(weights)) {
    const g = gradients[name];
    const m = moments1[name].mul(beta1).add(g.ref.mul(1 - beta1));
    const v = moments2[name].mul(beta2).add(np.square(g).mul(1 - beta2));
    const divisor = np.sqrt(v.ref).mul(correction.ref).add(epsilon);
    next[0][name] = weights[name].sub(m.ref.mul(stepSize.ref).div(divisor));
    next[1][name] = m;
    next[2][name] = v;
  }
  stepSize.dispose();
  correction.dispose();
  return next;
}

async function start({ sizes, batch, weights, adam }) {
  await provideNavigator();
  await init('webgpu');
  defaultDevice('webgpu');
  const { batch: count, side } = sizes;
  const images = toChannelsFirst(batch.images, [count, side, side, 1]);
  const targets = toChannelsFirst(batch.targets, [count, side, side, 2]);
  const zeros = () =>
    Object.fromEntries(Object.entries(state[0]).map(([name, value]) => [name, np.zeros(value.shape)]));
  let state = [weightsOf(weights)];
  state = [state[0], zeros(), zeros()];
  const step = jit((w, m, v, x, t, rates) => {
    const kept = Object.fromEntries(Object.entries(w).map(([name, value]) => [name, value.ref]));
    const [loss, gradients] = valueAndGrad(lossOf)(w, x, t);
    return [loss, ...update(adam, kept, gradients, m, v, rates)];
  });
  return {
    async step(index) {
      const stepSize = adam.learningRate / (1 - adam.beta1 ** index);
      const rates = np.array([stepSize, 1 / Math.sqrt(1 - adam.beta2 ** index)]);
      const [loss, ...next] = step(...state, images.ref, targets.ref, rates);
      state = next;
      await blockUntilReady(Object.values(state[0]));
      return { loss: (await loss.data())[0] };
    },
  };
}

serve(start);
