// Convolution as an implicit matrix product with tiles in workgroup memory, for GPUs: 64 pixels times 64 channels a
// workgroup, 4 times 4 an invocation, 16 terms of the sum (tap and input channel) a round. Coordinates as in
// conv2d.subgroup4.wgsl.
// Images and weight are E; products and sums are f32.
// @variant E = f16, E4 = vec4<f16>
alias E = f32;
alias E4 = vec4<f32>;
override TRANSPOSED: bool = false;
// Whether results are 0 where `cut`, the output of a ReLU as y lies, is 0.
override CUTS: bool = false;

// @include grid

// @include gather

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;

@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> w: array<E>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<E>;
@group(0) @binding(5) var<storage, read> cut: array<E>;

// [term][pixel] and [term][channel]
var<workgroup> inputs: array<array<E, TILE>, DEPTH>;
var<workgroup> weights: array<array<E, TILE>, DEPTH>;

fn inputsOf(d: u32, quad: u32) -> vec4<f32> {
  let i = quad * 4u;
  return vec4<f32>(E4(inputs[d][i], inputs[d][i + 1u], inputs[d][i + 2u], inputs[d][i + 3u]));
}

fn weightsOf(d: u32, quad: u32) -> vec4<f32> {
  let i = quad * 4u;
  return vec4<f32>(E4(weights[d][i], weights[d][i + 1u], weights[d][i + 2u], weights[d][i + 3u]));
}

fn inputAt(image: u32, iy: i32, ix: i32, k: u32) -> E {
  let inside = (iy >= 0) & (ix >= 0) & (iy < i32(params.inHeight)) & (ix < i32(params.inWidth));
  if (!inside) { return E(); }
  let at = (image * params.inHeight + u32(iy)) * params.inWidth + u32(ix);
  return x[at * params.xPitch + params.xStart + k];
}

fn weightAt(tap: u32, k: u32, m: u32) -> E {
  if (m >= params.m) { return E(); }
  if (TRANSPOSED) { return w[(tap * params.m + m) * params.k + k]; }
  return w[(tap * params.k + k) * params.m + m];
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let group = workgroupAt(id);
  let ry = group.z / params.classesX;
  let rx = group.z % params.classesX;
  let flat = local.y * 16u + local.x;
  // Filling: invocation `flat` brings terms flat/64, +4, +8, +12 of pixel (and channel) flat%64.
  let lane = flat % TILE;
  let pixel = min(group.x * TILE + lane, params.pixels - 1u);
  let line = pixel / params.classWidth;
  let image = line / params.classHeight;
  let row = i32(line % params.classHeight);
  let column = i32(pixel % params.classWidth);
  let channel = group.y * TILE + lane;
  let terms = params.kernelHeight * params.kernelWidth * params.k;
  var a0 = vec4<f32>();
  var a1 = vec4<f32>();
  var a2 = vec4<f32>();
  var a3 = vec4<f32>();
  for (var base = 0u; base < terms; base += DEPTH) {
    for (var d = flat / TILE; d < DEPTH; d += 4u) {
      let term = base + d;
      var value = E();
      var weight = E();
      let tap = term / params.k;
      let ty = i32(ry) + i32(tap / params.kernelWidth) * params.dilation + params.offsetY;
      let tx = i32(rx) + i32(tap % params.kernelWidth) * params.dilation + params.offsetX;
      // Of a tap that meets no pixel the weight counts as zero too: it need not be finite.
      if ((term < terms) & (ty % params.up == 0) & (tx % params.up == 0)) {
        let k = term % params.k;
        value = inputAt(image, row * params.stride + ty / params.up, column * params.stride + tx / params.up, k);
        weight = weightAt(tap, k, channel);
      }
      inputs[d][lane] = value;
      weights[d][lane] = weight;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let p = inputsOf(d, local.y);
      let r = weightsOf(d, local.x);
      a0 += p.x * r;
      a1 += p.y * r;
      a2 += p.z * r;
      a3 += p.w * r;
    }
    workgroupBarrier();
  }
  let tile = mat4x4<f32>(a0, a1, a2, a3);
  for (var i = 0u; i < 4u; i++) {
    let index = group.x * TILE + local.y * 4u + i;
    if (index >= params.pixels) { continue; }
    let strip = index / params.classWidth;
    let oy = (strip % params.classHeight) * u32(params.up) + ry;
    let ox = (index % params.classWidth) * u32(params.up) + rx;
    if (oy >= params.outHeight || ox >= params.outWidth) { continue; }
    let pixel = (strip / params.classHeight * params.outHeight + oy) * params.outWidth + ox;
    let at = pixel * params.yPitch + params.yStart;
    for (var j = 0u; j < 4u; j++) {
      let m = group.y * TILE + local.x * 4u + j;
      if (m >= params.m) { continue; }
      var value = tile[i][j];
      if (params.hasBias == 1u) { value += bias[m]; }
      if (params.relu == 1u) { value = select(value, 0.0, value < 0.0); }
      if (CUTS) { value = select(value, 0.0, cut[at + m] <= E()); }
      y[at + m] = E(value);
    }
  }
}
