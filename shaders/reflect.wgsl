// An axis of [outer, size, inner] continued beyond its ends by its mirror image, which does not repeat the end, and the
// gradient. One element, or four where inner is a multiple of four (V), an invocation; X is what is stored.
// @variant V = f32
// @variant V = f32, X = f16
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = V;
override WORKGROUP: u32 = 64u;

struct Params {
  // To write.
  count: u32,
  size: u32,
  before: u32,
  after: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

// @include linear

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let row = i / params.inner;
  let whole = params.before + params.size + params.after;
  let last = i32(params.size) - 1;
  let mirrored = abs(i32(row % whole) - i32(params.before));
  let place = u32(last - abs(last - mirrored));
  y[i] = x[(row / whole * params.size + place) * params.inner + i % params.inner];
}

// x is the gradient of the output. In a fixed order: itself, before the begin, after the end.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let row = i / params.inner;
  let place = row % params.size;
  let begin = row / params.size * (params.before + params.size + params.after) + params.before;
  let column = i % params.inner;
  var sum = V(x[(begin + place) * params.inner + column]);
  if (place > 0u && place <= params.before) { sum += V(x[(begin - place) * params.inner + column]); }
  let last = params.size - 1u;
  if (place < last && last - place <= params.after) {
    sum += V(x[(begin + 2u * last - place) * params.inner + column]);
  }
  y[i] = X(sum);
}
