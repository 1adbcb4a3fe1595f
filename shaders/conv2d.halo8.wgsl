// 3×3 convolution with stride 1 for software adapters with subgroups of 8: one workgroup is one subgroup and computes
// 8×8 output pixels times 8 channels, one a lane. Per input channel it loads the 10×10 pixels it needs once, one a lane,
// and broadcasts each to all nine taps: 22 loads for 576 multiply-adds. Turning the kernel and swapping its channels,
// which is a matter of the weight's steps, it is the gradient of the input.
enable subgroups;
// Images and weight are E; products and sums are f32.
// @variant E = f16
alias E = f32;

struct Params {
  // tiles in a row and in a column
  tilesX: u32,
  tilesY: u32,
  outHeight: u32,
  outWidth: u32,
  inHeight: u32,
  inWidth: u32,
  k: u32,
  m: u32,
  // input pixel of the first tap of output pixel (0, 0)
  originY: i32,
  originX: i32,
  // index of tap 0, and from tap to tap, input to input and output to output channel of the weight
  weightOrigin: i32,
  weightTap: i32,
  weightK: u32,
  weightM: u32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> w: array<E>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<E>;

const ROWS: u32 = 8u;

// @include grid

// @include halo

// Masked bit by bit: compilers move a select behind each broadcast, and 0 times what is not finite is NaN.
fn fetch(s: Source, k: u32) -> f32 {
  return bitcast<f32>(bitcast<u32>(f32(x[s.at + k])) & s.inside);
}

// Index of a tap's weight from input channel 0 to output channel m.
fn tapAt(tap: u32, m: u32) -> u32 {
  return u32(params.weightOrigin + i32(tap) * params.weightTap) + m * params.weightM;
}

// The ten pixels of one input row, the same in every lane, as the taps of a kernel row see them: the left and the
// right four of eight output pixels.
struct Row {
  left0: vec4<f32>, right0: vec4<f32>,
  left1: vec4<f32>, right1: vec4<f32>,
  left2: vec4<f32>, right2: vec4<f32>,
}

fn spread(v: f32, h8: f32, h9: f32) -> Row {
  let h0 = subgroupBroadcast(v, 0u);
  let h1 = subgroupBroadcast(v, 1u);
  let h2 = subgroupBroadcast(v, 2u);
  let h3 = subgroupBroadcast(v, 3u);
  let h4 = subgroupBroadcast(v, 4u);
  let h5 = subgroupBroadcast(v, 5u);
  let h6 = subgroupBroadcast(v, 6u);
  let h7 = subgroupBroadcast(v, 7u);
  return Row(
    vec4<f32>(h0, h1, h2, h3), vec4<f32>(h4, h5, h6, h7),
    vec4<f32>(h1, h2, h3, h4), vec4<f32>(h5, h6, h7, h8),
    vec4<f32>(h2, h3, h4, h5), vec4<f32>(h6, h7, h8, h9),
  );
}

fn under(q: mat2x4<f32>, u: f32, v: f32, t: f32, r: Row) -> mat2x4<f32> {
  return mat2x4<f32>(
    q[0] + u * r.left0 + v * r.left1 + t * r.left2,
    q[1] + u * r.right0 + v * r.right1 + t * r.right2,
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let t = locate(group.x);
  let m = group.y * 8u + lane;
  // Lanes past the last channel compute on its weights and do not store.
  let own = min(m, params.m - 1u);
  // Columns 0 to 7 of each row, one a lane; columns 8 and 9 of four rows at a time.
  let b0 = source(t, 0u, lane, params.k);
  let b1 = source(t, 1u, lane, params.k);
  let b2 = source(t, 2u, lane, params.k);
  let b3 = source(t, 3u, lane, params.k);
  let b4 = source(t, 4u, lane, params.k);
  let b5 = source(t, 5u, lane, params.k);
  let b6 = source(t, 6u, lane, params.k);
  let b7 = source(t, 7u, lane, params.k);
  let b8 = source(t, 8u, lane, params.k);
  let b9 = source(t, 9u, lane, params.k);
  let e0 = source(t, lane / 2u, 8u + lane % 2u, params.k);
  let e1 = source(t, 4u + lane / 2u, 8u + lane % 2u, params.k);
  let e2 = source(t, min(8u + lane / 2u, 9u), 8u + lane % 2u, params.k);
  let start = vec4<f32>(select(0.0, bias[own], params.hasBias == 1u));
  let s = mat2x4<f32>(start, start);
  // Output rows; all nine taps reach one before the next, so that it is written once a channel.
  var q0 = s;
  var q1 = s;
  var q2 = s;
  var q3 = s;
  var q4 = s;
  var q5 = s;
  var q6 = s;
  var q7 = s;
  // Compilers for the processor leave in the loop what stands in it.
  let a00 = tapAt(0u, own);
  let a01 = tapAt(1u, own);
  let a02 = tapAt(2u, own);
  let a10 = tapAt(3u, own);
  let a11 = tapAt(4u, own);
  let a12 = tapAt(5u, own);
  let a20 = tapAt(6u, own);
  let a21 = tapAt(7u, own);
  let a22 = tapAt(8u, own);
  for (var k = 0u; k < params.k; k++) {
    let at = k * params.weightK;
    let w00 = f32(w[a00 + at]);
    let w01 = f32(w[a01 + at]);
    let w02 = f32(w[a02 + at]);
    let w10 = f32(w[a10 + at]);
    let w11 = f32(w[a11 + at]);
    let w12 = f32(w[a12 + at]);
    let w20 = f32(w[a20 + at]);
    let w21 = f32(w[a21 + at]);
    let w22 = f32(w[a22 + at]);
    let g0 = fetch(e0, k);
    let g1 = fetch(e1, k);
    let g2 = fetch(e2, k);
    // All loads come before the sums: their branches would cut those up.
    let v0 = fetch(b0, k);
    let v1 = fetch(b1, k);
    let v2 = fetch(b2, k);
    let v3 = fetch(b3, k);
    let v4 = fetch(b4, k);
    let v5 = fetch(b5, k);
    let v6 = fetch(b6, k);
    let v7 = fetch(b7, k);
    let v8 = fetch(b8, k);
    let v9 = fetch(b9, k);
    let r0 = spread(v0, subgroupBroadcast(g0, 0u), subgroupBroadcast(g0, 1u));
    let r1 = spread(v1, subgroupBroadcast(g0, 2u), subgroupBroadcast(g0, 3u));
    let r2 = spread(v2, subgroupBroadcast(g0, 4u), subgroupBroadcast(g0, 5u));
    q0 = under(under(under(q0, w00, w01, w02, r0), w10, w11, w12, r1), w20, w21, w22, r2);
    let r3 = spread(v3, subgroupBroadcast(g0, 6u), subgroupBroadcast(g0, 7u));
    q1 = under(under(under(q1, w00, w01, w02, r1), w10, w11, w12, r2), w20, w21, w22, r3);
    let r4 = spread(v4, subgroupBroadcast(g1, 0u), subgroupBroadcast(g1, 1u));
    q2 = under(under(under(q2, w00, w01, w02, r2), w10, w11, w12, r3), w20, w21, w22, r4);
    let r5 = spread(v5, subgroupBroadcast(g1, 2u), subgroupBroadcast(g1, 3u));
    q3 = under(under(under(q3, w00, w01, w02, r3), w10, w11, w12, r4), w20, w21, w22, r5);
    let r6 = spread(v6, subgroupBroadcast(g1, 4u), subgroupBroadcast(g1, 5u));
    q4 = under(under(under(q4, w00, w01, w02, r4), w10, w11, w12, r5), w20, w21, w22, r6);
    let r7 = spread(v7, subgroupBroadcast(g1, 6u), subgroupBroadcast(g1, 7u));
    q5 = under(under(under(q5, w00, w01, w02, r5), w10, w11, w12, r6), w20, w21, w22, r7);
    let r8 = spread(v8, subgroupBroadcast(g2, 0u), subgroupBroadcast(g2, 1u));
    q6 = under(under(under(q6, w00, w01, w02, r6), w10, w11, w12, r7), w20, w21, w22, r8);
    let r9 = spread(v9, subgroupBroadcast(g2, 2u), subgroupBroadcast(g2, 3u));
    q7 = under(under(under(q7, w00, w01, w02, r7), w10, w11, w12, r8), w20, w21, w22, r9);
  }
  if (m >= params.m) { return; }
  // A loop instead of 64 stores: lavapipe takes most of its time to compile on those.
  var sums = array<mat2x4<f32>, 8>(q0, q1, q2, q3, q4, q5, q6, q7);
  for (var r = 0u; r < min(8u, params.outHeight - t.oy); r++) {
    let row = (t.image * params.outHeight + t.oy + r) * params.outWidth + t.ox;
    for (var c = 0u; c < min(8u, params.outWidth - t.ox); c++) {
      let v = sums[r][c / 4u][c % 4u];
      y[(row + c) * params.m + m] = E(select(v, select(v, 0.0, v < 0.0), params.relu == 1u));
    }
  }
}
