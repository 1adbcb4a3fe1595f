// 3×3 convolution with stride 1 for software adapters with subgroups of 8, channels in multiples of 4. One workgroup is
// one subgroup; each of its two quads of lanes computes a tile of 8×4 output pixels times 16 channels, four a lane. For
// four input channels at a time a quad loads the 10×6 pixels it needs, one a lane, and trades them by quad broadcasts,
// one instruction where a broadcast to the subgroup takes five; the quads share one load of the weight. Half the loads
// for a multiply-add that conv2d.halo8.wgsl has, and twice its code.
enable subgroups;
// Images and weight are vec4s of E; products and sums are f32.
// @variant E = vec4<f16>
alias E = vec4<f32>;
alias F = vec4<f32>;

struct Params {
  // tiles in a row, in a column, and in all
  tilesX: u32,
  tilesY: u32,
  tiles: u32,
  outHeight: u32,
  outWidth: u32,
  inHeight: u32,
  inWidth: u32,
  // channels in, and channels out in vec4s
  k: u32,
  m: u32,
  // input pixel of the first tap of output pixel (0, 0)
  originY: i32,
  originX: i32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> w: array<E>;
@group(0) @binding(3) var<storage, read> bias: array<F>;
@group(0) @binding(4) var<storage, read_write> y: array<E>;

const ROWS: u32 = 4u;

// @include grid

// @include halo

// Pixel p of the 10×6 that the tile reads.
fn pixel(t: Tile, p: u32) -> Source {
  return source(t, p / 10u, p % 10u, params.k / 4u);
}

// Masked bit by bit: see conv2d.halo8.wgsl.
fn fetch(s: Source, k: u32) -> F {
  return bitcast<F>(bitcast<vec4<u32>>(F(x[s.at + k])) & vec4<u32>(s.inside));
}

// One input channel of a row of ten pixels, the same in every lane of a quad.
struct Row {
  a: F,
  b: F,
  c: vec2<f32>,
}

fn all4(v: f32) -> F {
  return F(quadBroadcast(v, 0u), quadBroadcast(v, 1u), quadBroadcast(v, 2u), quadBroadcast(v, 3u));
}

// Rows begin in the first or the third lane of a quad.
fn fromFirst(u: f32, v: f32, t: f32) -> Row {
  return Row(all4(u), all4(v), all4(t).xy);
}

fn fromThird(u: f32, v: f32, t: f32) -> Row {
  let p = all4(u);
  let q = all4(v);
  let r = all4(t);
  return Row(F(p.zw, q.xy), F(q.zw, r.xy), r.zw);
}

// Four channels of eight output pixels.
struct Line {
  a: mat4x4<f32>,
  b: mat4x4<f32>,
}

// Nine taps for four channels.
struct Kernel {
  a0: F, a1: F, a2: F,
  b0: F, b1: F, b2: F,
  c0: F, c1: F, c2: F,
}

// All nine taps at once, so that the sum stays in a register meanwhile.
fn nine(q: F, k: Kernel, a: vec3<f32>, b: vec3<f32>, c: vec3<f32>) -> F {
  let p = q + a.x * k.a0 + a.y * k.a1 + a.z * k.a2;
  let r = p + b.x * k.b0 + b.y * k.b1 + b.z * k.b2;
  return r + c.x * k.c0 + c.y * k.c1 + c.z * k.c2;
}

// Adds three rows of the input under the kernel.
fn under(q: Line, k: Kernel, r: Row, s: Row, t: Row) -> Line {
  return Line(
    mat4x4<f32>(
      nine(q.a[0], k, r.a.xyz, s.a.xyz, t.a.xyz),
      nine(q.a[1], k, r.a.yzw, s.a.yzw, t.a.yzw),
      nine(q.a[2], k, vec3<f32>(r.a.zw, r.b.x), vec3<f32>(s.a.zw, s.b.x), vec3<f32>(t.a.zw, t.b.x)),
      nine(q.a[3], k, vec3<f32>(r.a.w, r.b.xy), vec3<f32>(s.a.w, s.b.xy), vec3<f32>(t.a.w, t.b.xy)),
    ),
    mat4x4<f32>(
      nine(q.b[0], k, r.b.xyz, s.b.xyz, t.b.xyz),
      nine(q.b[1], k, r.b.yzw, s.b.yzw, t.b.yzw),
      nine(q.b[2], k, vec3<f32>(r.b.zw, r.c.x), vec3<f32>(s.b.zw, s.c.x), vec3<f32>(t.b.zw, t.c.x)),
      nine(q.b[3], k, vec3<f32>(r.b.w, r.c), vec3<f32>(s.b.w, s.c), vec3<f32>(t.b.w, t.c)),
    ),
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) index: u32) {
  let group = workgroupAt(id);
  let lane = index % 4u;
  let quad = index / 4u;
  let tile = group.x * 2u + quad;
  let m = group.y * 4u + lane;
  // Past the last tile or channel it computes again, and is not stored.
  let t = locate(min(tile, params.tiles - 1u));
  let own = min(m, params.m - 1u);
  let s0 = pixel(t, lane);
  let s1 = pixel(t, lane + 4u);
  let s2 = pixel(t, lane + 8u);
  let s3 = pixel(t, lane + 12u);
  let s4 = pixel(t, lane + 16u);
  let s5 = pixel(t, lane + 20u);
  let s6 = pixel(t, lane + 24u);
  let s7 = pixel(t, lane + 28u);
  let s8 = pixel(t, lane + 32u);
  let s9 = pixel(t, lane + 36u);
  let s10 = pixel(t, lane + 40u);
  let s11 = pixel(t, lane + 44u);
  let s12 = pixel(t, lane + 48u);
  let s13 = pixel(t, lane + 52u);
  let s14 = pixel(t, lane + 56u);
  // One quad loads the even taps, the other the odd ones.
  let quads = params.m;
  let depth = params.k;
  let tap = depth * quads;
  let w0 = quad * tap + own;
  let w1 = w0 + 2u * tap;
  let w2 = w0 + 4u * tap;
  let w3 = w0 + 6u * tap;
  let w4 = 8u * tap + own;
  let even = lane;
  let odd = lane + 4u;
  let start = select(F(), bias[own], params.hasBias == 1u);
  let line = mat4x4<f32>(start, start, start, start);
  // Output rows; all nine taps reach one before the next, so that it is written once a channel.
  var q0 = Line(line, line);
  var q1 = q0;
  var q2 = q0;
  var q3 = q0;
  for (var k = 0u; k < depth; k += 4u) {
    let i = k / 4u;
    var v0 = fetch(s0, i);
    var v1 = fetch(s1, i);
    var v2 = fetch(s2, i);
    var v3 = fetch(s3, i);
    var v4 = fetch(s4, i);
    var v5 = fetch(s5, i);
    var v6 = fetch(s6, i);
    var v7 = fetch(s7, i);
    var v8 = fetch(s8, i);
    var v9 = fetch(s9, i);
    var v10 = fetch(s10, i);
    var v11 = fetch(s11, i);
    var v12 = fetch(s12, i);
    var v13 = fetch(s13, i);
    var v14 = fetch(s14, i);
    for (var j = 0u; j < 4u; j++) {
      let at = (k + j) * quads;
      let u0 = F(w[w0 + at]);
      let u1 = F(w[w1 + at]);
      let u2 = F(w[w2 + at]);
      let u3 = F(w[w3 + at]);
      let u4 = F(w[w4 + at]);
      let kernel = Kernel(
        subgroupShuffle(u0, even), subgroupShuffle(u0, odd), subgroupShuffle(u1, even),
        subgroupShuffle(u1, odd), subgroupShuffle(u2, even), subgroupShuffle(u2, odd),
        subgroupShuffle(u3, even), subgroupShuffle(u3, odd), u4,
      );
      let r0 = fromFirst(v0.x, v1.x, v2.x);
      let r1 = fromThird(v2.x, v3.x, v4.x);
      let r2 = fromFirst(v5.x, v6.x, v7.x);
      q0 = under(q0, kernel, r0, r1, r2);
      let r3 = fromThird(v7.x, v8.x, v9.x);
      q1 = under(q1, kernel, r1, r2, r3);
      let r4 = fromFirst(v10.x, v11.x, v12.x);
      let r5 = fromThird(v12.x, v13.x, v14.x);
      q2 = under(q2, kernel, r2, r3, r4);
      q3 = under(q3, kernel, r3, r4, r5);
      // The next input channel moves to x, for an indexed component would cost a load. All four turn: dropping the
      // used one (yzww) gives code that is a fifth slower.
      v0 = v0.yzwx;
      v1 = v1.yzwx;
      v2 = v2.yzwx;
      v3 = v3.yzwx;
      v4 = v4.yzwx;
      v5 = v5.yzwx;
      v6 = v6.yzwx;
      v7 = v7.yzwx;
      v8 = v8.yzwx;
      v9 = v9.yzwx;
      v10 = v10.yzwx;
      v11 = v11.yzwx;
      v12 = v12.yzwx;
      v13 = v13.yzwx;
      v14 = v14.yzwx;
    }
  }
  if ((tile >= params.tiles) | (m >= params.m)) { return; }
  // A loop instead of 32 stores: lavapipe takes most of its time to compile on those.
  var sums = array<Line, 4>(q0, q1, q2, q3);
  for (var r = 0u; r < min(4u, params.outHeight - t.oy); r++) {
    let row = (t.image * params.outHeight + t.oy + r) * params.outWidth + t.ox;
    for (var c = 0u; c < min(8u, params.outWidth - t.ox); c++) {
      var v = sums[r].a[c % 4u];
      if (c >= 4u) { v = sums[r].b[c % 4u]; }
      y[(row + c) * params.m + m] = E(select(v, select(v, F(), v < F()), params.relu == 1u));
    }
  }
}
