// Convolution by register tiles without workgroup memory, for any shape: an invocation computes 4 pixels of a row of
// one residue class times 4 channels. The fallback of software adapters where the subgroup forms do not fit.
// Coordinates as in conv2d.subgroup4.wgsl.
// Images and weight are E; products and sums are f32.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 16u;
override TRANSPOSED: bool = false;

// @include grid

// @include gather

@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> w: array<E>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<E>;

fn weights(tap: u32, k: u32, m: vec4<u32>) -> vec4<f32> {
  let step = select(vec2<u32>(1u, params.m), vec2<u32>(params.k, 1u), TRANSPOSED);
  let i = tap * params.k * params.m + k * step.y + m * step.x;
  return vec4<f32>(f32(w[i.x]), f32(w[i.y]), f32(w[i.z]), f32(w[i.w]));
}

fn fetch(base: i32, k: u32) -> f32 {
  return select(0.0, f32(x[u32(max(base, 0)) + k]), base >= 0);
}

fn store(v: vec4<f32>, row: u32, oy: u32, ox: u32, m: u32) {
  if (ox >= params.outWidth || oy >= params.outHeight) { return; }
  let pixel = (row * params.outHeight + oy) * params.outWidth + ox;
  let at = pixel * params.yPitch + params.yStart + m;
  let value = select(v, select(v, vec4<f32>(), v < vec4<f32>()), params.relu == 1u);
  for (var i = 0u; i < 4u; i++) {
    if (m + i < params.m) { y[at + i] = E(value[i]); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = workgroupAt(id);
  let quads = (params.classWidth + 3u) / 4u;
  let blocks = (params.m + 3u) / 4u;
  let index = group.x * WORKGROUP + local;
  let m = (index % blocks) * 4u;
  let quad = index / blocks;
  let column = (quad % quads) * 4u;
  let line = quad / quads;
  let row = line % params.classHeight;
  let image = line / params.classHeight;
  if (image * params.classHeight * params.classWidth >= params.pixels) { return; }
  let ry = group.z / params.classesX;
  let rx = group.z % params.classesX;
  // Channels past the last read its weights and are not stored.
  let ms = min(vec4<u32>(m, m + 1u, m + 2u, m + 3u), vec4<u32>(params.m - 1u));
  var start = vec4<f32>();
  if (params.hasBias == 1u) { start = vec4<f32>(bias[ms.x], bias[ms.y], bias[ms.z], bias[ms.w]); }
  var a0 = start;
  var a1 = start;
  var a2 = start;
  var a3 = start;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let ty = i32(ry) + i32(ky) * params.dilation + params.offsetY;
    let iy = i32(row) * params.stride + ty / params.up;
    if (ty % params.up != 0) { continue; }
    let high = (iy >= 0) & (iy < i32(params.inHeight));
    let base = (i32(image * params.inHeight) + iy) * i32(params.inWidth);
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let tx = i32(rx) + i32(kx) * params.dilation + params.offsetX;
      if (tx % params.up != 0) { continue; }
      let ix = i32(column) * params.stride + tx / params.up + vec4<i32>(0, 1, 2, 3) * params.stride;
      let inside = (ix >= vec4<i32>(0)) & (ix < vec4<i32>(i32(params.inWidth))) & vec4<bool>(high);
      let start4 = select(vec4<i32>(-1), (base + ix) * i32(params.xPitch) + i32(params.xStart), inside);
      let tap = ky * params.kernelWidth + kx;
      for (var k = 0u; k < params.k; k++) {
        let r = weights(tap, k, ms);
        a0 += fetch(start4.x, k) * r;
        a1 += fetch(start4.y, k) * r;
        a2 += fetch(start4.z, k) * r;
        a3 += fetch(start4.w, k) * r;
      }
    }
  }
  let up = u32(params.up);
  let oy = row * up + ry;
  store(a0, image, oy, column * up + rx, m);
  store(a1, image, oy, (column + 1u) * up + rx, m);
  store(a2, image, oy, (column + 2u) * up + rx, m);
  store(a3, image, oy, (column + 3u) * up + rx, m);
}
