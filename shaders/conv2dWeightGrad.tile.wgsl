// Gradient of a convolution's weight for any shape: an invocation sums one tap and large channel times 4 small
// channels over a strip of rows. The fallback of software adapters; terms as in conv2dWeightGrad.subgroup4.wgsl.
// The images are E; products and sums are f32.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 16u;

// @include correlation

@group(0) @binding(1) var<storage, read> large: array<E>;
@group(0) @binding(2) var<storage, read> small: array<E>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// @include firstAtLeast

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = (params.b + 3u) / 4u;
  let index = id.x + id.y * 65535u * WORKGROUP;
  let b = (index % blocks) * 4u;
  let line = index / blocks;
  let a = line % params.a;
  let tap = line / params.a % (params.kernelHeight * params.kernelWidth);
  let split = line / params.a / (params.kernelHeight * params.kernelWidth);
  if (split >= params.splits) { return; }
  let dy = i32(params.firstRow + tap / params.kernelWidth) * params.dilation - params.padding;
  let dx = i32(tap % params.kernelWidth) * params.dilation - params.padding;
  let bs = min(vec4<u32>(b, b + 1u, b + 2u, b + 3u), vec4<u32>(params.b - 1u));
  let x0 = firstAtLeast(0, dx);
  let x1 = min(i32(params.smallWidth), firstAtLeast(i32(params.largeWidth), dx));
  let rows = params.batch * params.smallHeight;
  let end = stripBegin(rows, split + 1u);
  var sum = vec4<f32>();
  for (var row = stripBegin(rows, split); row < end; row++) {
    let image = row / params.smallHeight;
    let iy = i32(row % params.smallHeight) * params.stride + dy;
    if (iy < 0 || iy >= i32(params.largeHeight)) { continue; }
    let base = (i32(image * params.largeHeight) + iy) * i32(params.largeWidth) + dx;
    for (var j = x0; j < x1; j++) {
      let at = (row * params.smallWidth + u32(j)) * params.b + bs;
      let v = f32(large[u32(base + j * params.stride) * params.largePitch + params.largeStart + a]);
      sum += v * vec4<f32>(f32(small[at.x]), f32(small[at.y]), f32(small[at.z]), f32(small[at.w]));
    }
  }
  let at = split * params.count + (tap * params.a + a) * params.b + b;
  for (var i = 0u; i < 4u; i++) {
    if (b + i < params.b) { partial[at + i] = sum[i]; }
  }
}
