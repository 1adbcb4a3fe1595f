// The end of a convolution's gradients: the strips of the weight's are added in order, and the bias's is the sum of
// dy, the gradient of the output, over its pixels. LANES invocations share a column of dy (four channels, or one), each
// every LANES-th pixel; then they join by halves.
// dy is D, as wide as V.
// @variant V = f32, D = f32
// @variant D = vec4<f16>
// @variant V = f32, D = f16
alias V = vec4<f32>;
alias D = vec4<f32>;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 1u;

// Pixels of a chain of additions: rounding grows with the longest chain.
const BLOCK: u32 = 128u;

struct Params {
  // elements of dw, and strips of it
  count: u32,
  splits: u32,
  // workgroups that add strips up; those after them sum dy
  adders: u32,
  pixels: u32,
  // columns of dy, in Vs
  groups: u32,
  // Vs of dy from pixel to pixel, and before a pixel's first column
  pitch: u32,
  start: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> strips: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<D>;
@group(0) @binding(4) var<storage, read_write> db: array<V>;

var<workgroup> sums: array<V, WORKGROUP>;

fn addStrips(i: u32) {
  if (i >= params.count) { return; }
  var sum = 0.0;
  var split = 0u;
  for (; split + 3u < params.splits; split += 4u) {
    // All loads before the sums, so that they are under way at once.
    let at = split * params.count + i;
    let a = strips[at];
    let b = strips[at + params.count];
    let c = strips[at + 2u * params.count];
    let d = strips[at + 3u * params.count];
    sum = sum + a + b + c + d;
  }
  for (; split < params.splits; split++) { sum += strips[split * params.count + i]; }
  dw[i] = sum;
}

fn columnSum(group: u32, lane: u32) -> V {
  let step = LANES * params.pitch;
  let first = params.start + group;
  var sum = V();
  for (var begin = 0u; begin < params.pixels; begin += BLOCK * LANES) {
    let end = min(begin + BLOCK * LANES, params.pixels);
    var pixel = begin + lane;
    var chain = V();
    for (; pixel + 3u * LANES < end; pixel += 4u * LANES) {
      let at = first + pixel * params.pitch;
      let four = (V(dy[at]) + V(dy[at + step])) + (V(dy[at + 2u * step]) + V(dy[at + 3u * step]));
      chain += four;
    }
    for (; pixel < end; pixel += LANES) { chain += V(dy[first + pixel * params.pitch]); }
    sum += chain;
  }
  return sum;
}

fn sumColumns(number: u32, index: u32) {
  let lane = index % LANES;
  let group = number * (WORKGROUP / LANES) + index / LANES;
  sums[index] = columnSum(min(group, params.groups - 1u), lane);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[index] += sums[index + half]; }
  }
  if (lane == 0u && group < params.groups) { db[group] = sums[index]; }
}

@compute @workgroup_size(WORKGROUP)
fn weight(@builtin(global_invocation_id) id: vec3<u32>) {
  addStrips(id.x + id.y * 65535u * WORKGROUP);
}

@compute @workgroup_size(WORKGROUP)
fn bias(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  sumColumns(id.x + id.y * 65535u, index);
}

@compute @workgroup_size(WORKGROUP)
fn both(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let number = id.x + id.y * 65535u;
  if (number < params.adders) {
    addStrips(number * WORKGROUP + index);
  } else {
    sumColumns(number - params.adders, index);
  }
}
