// y[i] = x[start + the place of i by strides], whatever the elements are: axes permuted or turned around.
// An invocation takes every `invocations`-th unit of y.
// @variant U = vec2<u32>
// @variant T = f16, T4 = vec4<f16>
// Four elements as they are stored, one, and four.
alias U = vec4<u32>;
alias T = u32;
alias T4 = vec4<u32>;
override WORKGROUP: u32 = 64u;
// Invocations of a workgroup side by side and one above the other, of `blocks`.
override ACROSS: u32 = 8u;
override DOWN: u32 = 8u;

struct Params {
  // Units of y, or elements where they lie apart in x, and how many invocations share them.
  count: u32,
  invocations: u32,
  start: u32,
  sizes0: vec4<u32>,
  sizes1: vec4<u32>,
  strides0: vec4<u32>,
  strides1: vec4<u32>,
}

// Matrices [rows, columns] of y, which lie in x as [columns, rows]; in elements, or in vec4s of them.
struct BlockParams {
  rows: u32,
  columns: u32,
  // From one row of x to the next.
  pitch: u32,
  start: u32,
  sizes0: vec4<u32>,
  sizes1: vec4<u32>,
  strides0: vec4<u32>,
  strides1: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<U>;
@group(0) @binding(2) var<storage, read_write> y: array<U>;
@group(0) @binding(3) var<storage, read> halves: array<u32>;
@group(0) @binding(4) var<storage, read_write> pairs: array<u32>;
@group(0) @binding(5) var<uniform> matrices: BlockParams;
@group(0) @binding(6) var<storage, read> wide: array<T4>;
@group(0) @binding(7) var<storage, read_write> turned: array<T4>;
@group(0) @binding(8) var<storage, read> single: array<T>;

// @include strided

fn place(i: u32) -> u32 {
  return params.start + strided(i, params.sizes0, params.sizes1, params.strides0, params.strides1);
}

@compute @workgroup_size(WORKGROUP)
fn units(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = id.x + id.y * 65535u * WORKGROUP; i < params.count; i += params.invocations) { y[i] = x[place(i)]; }
}

// Units of four elements that lie apart in x.
@compute @workgroup_size(WORKGROUP)
fn gathered(@builtin(global_invocation_id) id: vec3<u32>) {
  let last = params.count - 1u;
  for (var i = id.x + id.y * 65535u * WORKGROUP; 4u * i < params.count; i += params.invocations) {
    let e = 4u * i;
    let a = single[place(e)];
    let b = single[place(min(e + 1u, last))];
    let c = single[place(min(e + 2u, last))];
    turned[i] = T4(a, b, c, single[place(min(e + 3u, last))]);
  }
}

fn half(i: u32) -> u32 {
  let at = place(i);
  return (halves[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
}

// Elements of two bytes that lie apart in x, for devices that have no type for them; two a unit.
@compute @workgroup_size(WORKGROUP)
fn twoBytes(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = id.x + id.y * 65535u * WORKGROUP; 2u * i < params.count; i += params.invocations) {
    pairs[i] = half(2u * i) | (half(min(2u * i + 1u, params.count - 1u)) << 16u);
  }
}

// Blocks of 4×4 elements; x's rows and y's rows are whole vec4s.
@compute @workgroup_size(ACROSS, DOWN)
fn blocks(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  // The first two axes of the grid are blocks of a matrix; matrices follow one another along the third.
  let row = id.y;
  let column = id.x;
  if (row * 4u >= matrices.rows || column >= matrices.columns) { return; }
  let source = matrices.start
    + strided(id.z, matrices.sizes0, matrices.sizes1, matrices.strides0, matrices.strides1)
    + column * 4u * matrices.pitch + row;
  let a = wide[source];
  let b = wide[source + matrices.pitch];
  let c = wide[source + 2u * matrices.pitch];
  let d = wide[source + 3u * matrices.pitch];
  let to = (id.z * matrices.rows + row * 4u) * matrices.columns + column;
  turned[to] = T4(a.x, b.x, c.x, d.x);
  turned[to + matrices.columns] = T4(a.y, b.y, c.y, d.y);
  turned[to + 2u * matrices.columns] = T4(a.z, b.z, c.z, d.z);
  turned[to + 3u * matrices.columns] = T4(a.w, b.w, c.w, d.w);
}
