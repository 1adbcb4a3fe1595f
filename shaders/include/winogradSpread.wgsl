// What both tile sizes do before the products: they give transformX, transformGrad and transformWeight. The bias's
// gradient is summed here, so that the gradient of y is needed no longer.

// Whether the gradient of y has a plane more: the sums of its tiles, which the bias's gradient is summed of.
const TOTALS: bool = false;

@group(0) @binding(1) var<storage, read> x: array<T>;
@group(0) @binding(2) var<storage, read> grad: array<T>;
@group(0) @binding(3) var<storage, read> y: array<T>;
@group(0) @binding(4) var<storage, read> weight: array<T>;
@group(0) @binding(5) var<storage, read_write> xSpread: array<T>;
@group(0) @binding(6) var<storage, read_write> gradSpread: array<T>;
@group(0) @binding(7) var<storage, read_write> weightSpread: array<T>;
@group(0) @binding(8) var<storage, read_write> biasGrad: array<T>;

fn fetchX(row: Line, column: Line) -> T {
  return select(T(), x[row.at + column.at], row.inside & column.inside);
}

fn tap(i: u32, number: u32) -> T {
  return weight[number * params.pairs + i];
}

fn gradAt(i: u32) -> T {
  if (params.masked == 1u) { return select(T(), grad[i], !(y[i] == T())); }
  return grad[i];
}

// The gradient of the bias: a channel's sum over the pixels, in blocks, for rounding grows with the longest chain.
fn sumPixels(channel: u32) {
  var sum = T();
  for (var begin = 0u; begin < params.pixels; begin += 128u) {
    var chain = T();
    for (var pixel = begin; pixel < min(begin + 128u, params.pixels); pixel++) {
      chain += gradAt(pixel * params.yChannels + channel);
    }
    sum += chain;
  }
  biasGrad[channel] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  for (var b = i; b < params.biasJobs; b += params.stride) { sumPixels(b); }
  for (var x = i; x < params.xJobs; x += params.stride) { transformX(x); }
  for (var y = i; y < params.yJobs; y += params.stride) { transformGrad(y); }
  for (var w = i; w < params.pairJobs; w += params.stride) { transformWeight(w); }
}
