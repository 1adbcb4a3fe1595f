// Gradient of a convolution's weight as a matrix product with tiles in workgroup memory, for GPUs: rows are (tap,
// large channel), columns small channels, and the sum runs over a strip of the small image's pixels, 16 a round.
// Terms as in conv2dWeightGrad.subgroup4.wgsl.
// The images are E; products and sums are f32.
// @variant E = f16, E4 = vec4<f16>
alias E = f32;
alias E4 = vec4<f32>;

// @include correlation

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> large: array<E>;
@group(0) @binding(2) var<storage, read> small: array<E>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

var<workgroup> rowsTile: array<array<E4, 16>, DEPTH>;
var<workgroup> columnsTile: array<array<E4, 16>, DEPTH>;

fn largeAt(pixel: u32, row: u32) -> E {
  if (row >= params.count / params.b) { return E(); }
  let tap = row / params.a;
  let line = pixel / params.smallWidth;
  let shiftY = i32(tap / params.kernelWidth) * params.dilation - params.padding;
  let shiftX = i32(tap % params.kernelWidth) * params.dilation - params.padding;
  let iy = i32(line % params.smallHeight) * params.stride + shiftY;
  let ix = i32(pixel % params.smallWidth) * params.stride + shiftX;
  let inside = iy >= 0 && ix >= 0 && iy < i32(params.largeHeight) && ix < i32(params.largeWidth);
  if (!inside) { return E(); }
  let at = (line / params.smallHeight * params.largeHeight + u32(iy)) * params.largeWidth + u32(ix);
  return large[at * params.largePitch + params.largeStart + row % params.a];
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let flat = local.y * 16u + local.x;
  let lane = flat % TILE;
  let row = group.x * TILE + lane;
  let column = group.y * TILE + lane;
  let pixels = params.batch * params.smallHeight * params.smallWidth;
  // Whole rounds of 16 per split, so that u32 products stay small.
  let rounds = (pixels + DEPTH - 1u) / DEPTH;
  let first = rounds * group.z / params.splits;
  let last = rounds * (group.z + 1u) / params.splits;
  var a0 = vec4<f32>();
  var a1 = vec4<f32>();
  var a2 = vec4<f32>();
  var a3 = vec4<f32>();
  for (var round = first; round < last; round++) {
    for (var d = flat / TILE; d < DEPTH; d += 4u) {
      let pixel = round * DEPTH + d;
      var r = E();
      var c = E();
      if (pixel < pixels) {
        r = largeAt(pixel, row);
        if (column < params.b) { c = small[pixel * params.b + column]; }
      }
      rowsTile[d][lane / 4u][lane % 4u] = r;
      columnsTile[d][lane / 4u][lane % 4u] = c;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let r = vec4<f32>(rowsTile[d][local.y]);
      let c = vec4<f32>(columnsTile[d][local.x]);
      a0 += r.x * c;
      a1 += r.y * c;
      a2 += r.z * c;
      a3 += r.w * c;
    }
    workgroupBarrier();
  }
  let tile = mat4x4<f32>(a0, a1, a2, a3);
  for (var i = 0u; i < 4u; i++) {
    let r = group.x * TILE + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let c = group.y * TILE + local.x * 4u + j;
      if (r < params.count / params.b && c < params.b) {
        partial[group.z * params.count + r * params.b + c] = tile[i][j];
      }
    }
  }
}
