// Gradient of a 3×3 stride-1 convolution's weight for any number of channels, the first layer's, on software adapters:
// an invocation sums all nine taps of one large channel times 4 small channels over a strip of rows, four pixels of a
// row at a time. Terms as in conv2dWeightGrad.subgroup4.wgsl.
override WORKGROUP: u32 = 16u;

// @include correlation

@group(0) @binding(1) var<storage, read> large: array<f32>;
@group(0) @binding(2) var<storage, read> small: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// One row of the large image: six neighbouring pixels.
struct Row {
  a: vec4<f32>,
  b: vec2<f32>,
}

// Conditions join by & on purpose: see conv2d.subgroup4.wgsl.
fn largeAt(base: u32, column: i32, inside: bool) -> f32 {
  let last = i32(params.largeWidth) - 1;
  let v = large[base + u32(clamp(column, 0, last)) * params.a];
  return select(0.0, v, inside & (column >= 0) & (column <= last));
}

fn largeRow(image: u32, row: i32, column: i32, a: u32) -> Row {
  let last = i32(params.largeHeight) - 1;
  let inside = (row >= 0) & (row <= last);
  let base = (image * params.largeHeight + u32(clamp(row, 0, last))) * params.largeWidth * params.a + a;
  return Row(
    vec4<f32>(
      largeAt(base, column, inside), largeAt(base, column + 1, inside),
      largeAt(base, column + 2, inside), largeAt(base, column + 3, inside),
    ),
    vec2<f32>(largeAt(base, column + 4, inside), largeAt(base, column + 5, inside)),
  );
}

fn smallAt(row: u32, column: u32, b: vec4<u32>) -> vec4<f32> {
  let i = (row * params.smallWidth + min(column, params.smallWidth - 1u)) * params.b + b;
  return select(vec4<f32>(), vec4<f32>(small[i.x], small[i.y], small[i.z], small[i.w]), column < params.smallWidth);
}

// Three taps (columns) of a kernel row over four pixels, s their small channels.
fn taps(r: Row, s: mat4x4<f32>) -> mat3x4<f32> {
  return mat3x4<f32>(s * r.a, s * vec4<f32>(r.a.yzw, r.b.x), s * vec4<f32>(r.a.zw, r.b));
}

fn put(v: vec4<f32>, at: u32, tap: u32, b: vec4<u32>) {
  let i = vec4<u32>(at + tap * params.a * params.b) + b;
  partial[i.x] = v.x;
  partial[i.y] = v.y;
  partial[i.z] = v.z;
  partial[i.w] = v.w;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = (params.b + 3u) / 4u;
  let index = id.x + id.y * 65535u * WORKGROUP;
  let first = (index % blocks) * 4u;
  let a = index / blocks % params.a;
  let split = index / blocks / params.a;
  if (split >= params.splits) { return; }
  // Channels past the last repeat it, and store the same values there.
  let b = min(vec4<u32>(first, first + 1u, first + 2u, first + 3u), vec4<u32>(params.b - 1u));
  var q0 = mat3x4<f32>();
  var q1 = mat3x4<f32>();
  var q2 = mat3x4<f32>();
  let rows = params.batch * params.smallHeight;
  let end = stripBegin(rows, split + 1u);
  for (var row = stripBegin(rows, split); row < end; row++) {
    let image = row / params.smallHeight;
    let top = i32(row - image * params.smallHeight) - params.padding;
    for (var j = 0u; j < params.smallWidth; j += 4u) {
      let s = mat4x4<f32>(
        smallAt(row, j, b), smallAt(row, j + 1u, b), smallAt(row, j + 2u, b), smallAt(row, j + 3u, b),
      );
      let left = i32(j) - params.padding;
      q0 += taps(largeRow(image, top, left, a), s);
      q1 += taps(largeRow(image, top + 1, left, a), s);
      q2 += taps(largeRow(image, top + 2, left, a), s);
    }
  }
  let at = split * params.count + a * params.b;
  put(q0[0], at, 0u, b);
  put(q0[1], at, 1u, b);
  put(q0[2], at, 2u, b);
  put(q1[0], at, 3u, b);
  put(q1[1], at, 4u, b);
  put(q1[2], at, 5u, b);
  put(q2[0], at, 6u, b);
  put(q2[1], at, 7u, b);
  put(q2[2], at, 8u, b);
}
