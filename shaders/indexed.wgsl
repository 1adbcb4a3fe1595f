// Elements of an axis of [outer, size, inner] by index, and sums of elements at their indices, in the order of the indices:
// the same bits every run. One element, or four where inner is a multiple of four (T, V, X), an invocation.
// @variant T = vec4<u32>, V = vec4<f32>, X = vec4<f32>
// @variant T = f16, E = f16, B = f32, X = f16
// @variant T = vec4<f16>, E = f16, B = f32, V = vec4<f32>, X = vec4<f16>
// What is taken: words, or f16; of one element; what the bits of a missing one are read as.
alias T = u32;
alias E = u32;
alias B = u32;
// What is added, in f32, and what it is stored as.
alias V = f32;
alias X = f32;
override WORKGROUP: u32 = 64u;
// Whether there is an index for each element that is taken or added, not one for each place along the axis.
override EACH: bool = false;
// Whether sums are added to a base, and report what is no index.
override ADDS: bool = false;

struct Params {
  // To write.
  count: u32,
  size: u32,
  // Indices along the axis.
  length: u32,
  inner: u32,
  fault: u32,
  // Bits of what stands where an index is none.
  missing: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<T>;
// i32 or u32: negative ones are beyond every size.
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<T>;
@group(0) @binding(4) var<storage, read> source: array<X>;
@group(0) @binding(5) var<storage, read> base: array<X>;
@group(0) @binding(6) var<storage, read_write> total: array<X>;

// @include linear
// @include faults

@compute @workgroup_size(WORKGROUP)
fn take(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let row = i / params.inner;
  let place = indices[select(row % params.length, i, EACH)];
  if (place >= params.size) {
    report(place);
    y[i] = T(E(bitcast<B>(params.missing)));
    return;
  }
  y[i] = x[(row / params.length * params.size + place) * params.inner + i % params.inner];
}

@compute @workgroup_size(WORKGROUP)
fn add(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let row = i / params.inner;
  let own = row % params.size;
  let first = row / params.size * params.length * params.inner + i % params.inner;
  var sum = V();
  if (ADDS) { sum = V(base[i]); }
  for (var k = 0u; k < params.length; k++) {
    let at = first + k * params.inner;
    let place = indices[select(k, at, EACH)];
    if (place == own) { sum += V(source[at]); }
    if (ADDS && own == 0u && place >= params.size) { report(place); }
  }
  total[i] = X(sum);
}
