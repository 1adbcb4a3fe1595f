// A batch of matrix products for GPUs: C = A·B for every plane, with tiles in workgroup memory. A workgroup computes 64
// rows times 64 columns of one strip of the depth, 16 depths a round; an invocation 8 rows times 8 columns, in quads 32
// apart so that neighbours read neighbouring quads.

// @include grid
// @include winogradProduct

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;

// [depth][row / 4] and [depth][column / 4]
var<workgroup> rowTile: array<array<vec4<f32>, 16>, DEPTH>;
var<workgroup> columnTile: array<array<vec4<f32>, 16>, DEPTH>;

// Which quad of rows (columns) and which quad of depths an invocation brings: neighbours what lies side by side.
fn placeOf(index: u32, depthsFirst: bool) -> vec2<u32> {
  return select(vec2(index % 16u, index / 16u), vec2(index / 4u, index % 4u), depthsFirst);
}

// @include outer

fn store(q: mat4x4<f32>, base: u32, row: u32, column: u32) {
  if (column >= params.columns) { return; }
  for (var i = 0u; i < 4u; i++) {
    if (row + i < params.rows) { c[base + ((row + i) * params.columns + column) / 4u] = q[i]; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let group = workgroupAt(id);
  let across = index % 8u;
  let down = index / 8u;
  let point = group.z % params.points;
  let strip = group.z / params.points;
  let end = min((strip + 1u) * params.chunk, params.depth);
  let ownRows = placeOf(index, !TURNED_A);
  let ownColumns = placeOf(index, TURNED_B);
  let row = group.x * TILE + ownRows.x * 4u;
  let column = min(group.y * TILE + ownColumns.x * 4u, params.columns - 4u);
  var q00 = mat4x4<f32>();
  var q01 = mat4x4<f32>();
  var q10 = mat4x4<f32>();
  var q11 = mat4x4<f32>();
  for (var first = strip * params.chunk; first < end; first += DEPTH) {
    // Past the last depth, zeros.
    var rows = mat4x4<f32>();
    var columns = mat4x4<f32>();
    let rowDepth = first + ownRows.y * 4u;
    let columnDepth = first + ownColumns.y * 4u;
    if (rowDepth < end) { rows = transpose(rowsOf(point * params.planeA, row, rowDepth)); }
    if (columnDepth < end) { columns = columnsOf(point * params.planeB, column, columnDepth); }
    for (var i = 0u; i < 4u; i++) {
      rowTile[ownRows.y * 4u + i][ownRows.x] = rows[i];
      columnTile[ownColumns.y * 4u + i][ownColumns.x] = columns[i];
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let r0 = rowTile[d][down];
      let r1 = rowTile[d][down + 8u];
      let c0 = columnTile[d][across];
      let c1 = columnTile[d][across + 8u];
      q00 += outer(r0, c0);
      q01 += outer(r0, c1);
      q10 += outer(r1, c0);
      q11 += outer(r1, c1);
    }
    workgroupBarrier();
  }
  let base = strip * params.stripC + point * params.planeC;
  let y = group.x * TILE + down * 4u;
  let x = group.y * TILE + across * 4u;
  store(q00, base, y, x);
  store(q01, base, y, x + 32u);
  store(q10, base, y + 32u, x);
  store(q11, base, y + 32u, x + 32u);
}
