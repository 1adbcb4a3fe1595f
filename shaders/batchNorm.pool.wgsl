// Batch norm with its ReLU and, in the same pass over the images, the maxima of windows of 2×2 pixels of what it puts
// out; and its gradient where both are used, which finds the maxima again. An invocation owns one channel group of every
// `strips`-th window of images [N, H, W, C] with even sides; of `forward` and `backward`, of one window.
// V is f32 where the channel count is no multiple of four; X is what images and their gradients are stored as.
// @variant V = f32, X = f32, U = u32, B = bool
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = vec4<f32>;
// The bits of V, and what its comparisons are.
alias U = vec4<u32>;
alias B = vec4<bool>;
override WORKGROUP: u32 = 64u;
// Windows added up before they join the total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 16u;

struct Params {
  // Of all images, and of one row of them
  windows: u32,
  across: u32,
  groups: u32,
  strips: u32,
  // 1/rows of the statistics
  share: f32,
  // Xs from pixel to pixel and before a pixel's first, of y going forward and of dy going back
  pitch: u32,
  start: u32,
}

// @include linear
// @include batchNormAffine
// @include batchNorm

@group(0) @binding(2) var<storage, read> dy: array<X>;
@group(0) @binding(3) var<storage, read_write> pooled: array<X>;
@group(0) @binding(4) var<storage, read> dpooled: array<X>;
// Sums of dy and of dy·(x − mean): [2, groups].
@group(0) @binding(17) var<storage, read> sums: array<V>;

// Told by the bits: compilers may take it that v is v.
fn isNaN(v: V) -> B {
  return (bitcast<U>(v) & U(0x7fffffffu)) > U(0x7f800000u);
}

// Of equal values, and of NaNs, the first wins.
fn wins(next: V, best: V) -> B {
  return (next > best) | (isNaN(next) & !isNaN(best));
}

// A window's pixels: the first; the others lie beside it and a row below.
fn pixelsOf(window: u32) -> array<u32, 4> {
  let row = window / params.across;
  let width = 2u * params.across;
  let first = 2u * (row * width + window - row * params.across);
  return array<u32, 4>(first, first + 1u, first + width, first + width + 1u);
}

// (x − mean) of each pixel.
fn distances(pixels: array<u32, 4>, group: u32, a: Affine) -> array<V, 4> {
  let g = params.groups;
  return array<V, 4>(
    V(x[pixels[0] * g + group]) - a.center, V(x[pixels[1] * g + group]) - a.center,
    V(x[pixels[2] * g + group]) - a.center, V(x[pixels[3] * g + group]) - a.center,
  );
}

// Of a pixel: whether the ReLU lets it pass, what is NaN too; and the output, rounded as it is stored.
struct Output {
  passes: B,
  value: V,
}

fn outputOf(distance: V, a: Affine) -> Output {
  let v = distance * a.scale + a.shift;
  let passes = !(v <= V());
  return Output(passes, V(X(select(V(), v, passes))));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first >= params.windows * params.groups) { return; }
  let group = first % params.groups;
  let a = kept(group);
  let pixels = pixelsOf(first / params.groups);
  let d = distances(pixels, group, a);
  let v0 = outputOf(d[0], a).value;
  let v1 = outputOf(d[1], a).value;
  let v2 = outputOf(d[2], a).value;
  let v3 = outputOf(d[3], a).value;
  y[pixels[0] * params.pitch + params.start + group] = X(v0);
  y[pixels[1] * params.pitch + params.start + group] = X(v1);
  y[pixels[2] * params.pitch + params.start + group] = X(v2);
  y[pixels[3] * params.pitch + params.start + group] = X(v3);
  var best = select(v0, v1, wins(v1, v0));
  best = select(best, v2, wins(v2, best));
  pooled[first] = X(select(best, v3, wins(v3, best)));
}

// What arrives at each pixel's norm: dy, in the maximum of the window dpooled as well, where the ReLU lets it pass.
fn gradients(pixels: array<u32, 4>, d: array<V, 4>, window: u32, group: u32, a: Affine) -> array<V, 4> {
  let o0 = outputOf(d[0], a);
  let o1 = outputOf(d[1], a);
  let o2 = outputOf(d[2], a);
  let o3 = outputOf(d[3], a);
  let at = params.start + group;
  let g0 = V(dy[pixels[0] * params.pitch + at]);
  let g1 = V(dy[pixels[1] * params.pitch + at]);
  let g2 = V(dy[pixels[2] * params.pitch + at]);
  let g3 = V(dy[pixels[3] * params.pitch + at]);
  let g = V(dpooled[window * params.groups + group]);
  let second = wins(o1.value, o0.value);
  let best1 = select(o0.value, o1.value, second);
  let third = wins(o2.value, best1);
  let best2 = select(best1, o2.value, third);
  let fourth = wins(o3.value, best2);
  return array<V, 4>(
    select(V(), g0 + select(V(), g, !(second | third | fourth)), o0.passes),
    select(V(), g1 + select(V(), g, second & !(third | fourth)), o1.passes),
    select(V(), g2 + select(V(), g, third & !fourth), o2.passes),
    select(V(), g3 + select(V(), g, fourth), o3.passes),
  );
}

@compute @workgroup_size(WORKGROUP)
fn gradientSums(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  if (first >= step) { return; }
  let group = first % params.groups;
  let a = kept(group);
  var all = V();
  var product = V();
  var window = first / params.groups;
  while (window < params.windows) {
    var some = V();
    var products = V();
    let stop = min(window + BLOCK * params.strips, params.windows);
    for (; window < stop; window += params.strips) {
      let pixels = pixelsOf(window);
      let d = distances(pixels, group, a);
      let g = gradients(pixels, d, window, group, a);
      some += (g[0] + g[1]) + (g[2] + g[3]);
      products += (g[0] * d[0] + g[1] * d[1]) + (g[2] * d[2] + g[3] * d[3]);
    }
    all += some;
    product += products;
  }
  partial[first] = all;
  partial[first + step] = product;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first >= params.windows * params.groups) { return; }
  let group = first % params.groups;
  let window = first / params.groups;
  let a = kept(group);
  let pixels = pixelsOf(window);
  let d = distances(pixels, group, a);
  let g = gradients(pixels, d, window, group, a);
  // what is lost through the batch's mean and variance
  let byMean = sums[group] * params.share;
  let byVariance = sums[group + params.groups] * a.inverse * a.inverse * params.share;
  for (var i = 0u; i < 4u; i++) {
    y[pixels[i] * params.groups + group] = X(a.scale * (g[i] - byMean - d[i] * byVariance));
  }
}
