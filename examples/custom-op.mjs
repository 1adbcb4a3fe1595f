// An op of your own: its shader, its gradient, and a check of it by differences. Prints the greatest error.
import { call, defineShader, launch, linearGrid, openDevice, Tape, tensor } from 'planewise/engine';
import * as ops from 'planewise/ops';

const shader = defineShader(
  'swish',
  /* wgsl */ `
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

fn sigmoid(v: f32) -> f32 { return 1 / (1 + exp(-v)); }

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * 64u;
  if (i < params.count) { y[i] = x[i] * sigmoid(x[i]); }
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * 64u;
  if (i < params.count) { let s = sigmoid(x[i]); dx[i] = dy[i] * s * (1 + x[i] * (1 - s)); }
}`,
  { forward: ['x', 'y'], backward: ['x', 'dy', 'dx'] },
);

/** Of the first input's shape; every element of the output is written. */
const infer = ([x]) => [{ shape: x.shape, dtype: 'f32' }];
const swishGrad = {
  name: 'swishGrad',
  infer,
  launch(device, [x, dy], [dx]) {
    launch(device, shader, 'backward', { x, dy, dx }, { count: dx.size }, linearGrid(dx.size, 64));
  },
};
const swish = {
  name: 'swish',
  infer,
  launch(device, [x], [y]) {
    launch(device, shader, 'forward', { x, y }, { count: y.size }, linearGrid(y.size, 64));
  },
  // what backward would launch, not its result: the tape runs what is needed
  grad: ({ inputs: [x], dy }) => [call(swishGrad, [x, dy[0]], null)],
};

const device = await openDevice();
const values = Float32Array.from({ length: 101 }, (_, i) => (i - 50) / 10);
const x = tensor(device, values, [101]);
x.requiresGrad = true;
const tape = new Tape();
tape.backward(ops.sum(ops.apply(swish, [x], null)));
tape.dispose();

const exact = (v) => v / (1 + Math.exp(-v));
const found = await x.grad.read();
const errors = [...values].map((v, i) => Math.abs(found[i] - (exact(v + 1e-5) - exact(v - 1e-5)) / 2e-5));
console.log(`swish: the gradient's greatest error is ${Math.max(...errors).toExponential(1)}`);
device.dispose();
