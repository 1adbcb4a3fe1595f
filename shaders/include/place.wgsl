// Where invocations lie that run along the rows of images. Wants WORKGROUP.

// Whether the grid is folded: along an axis there are at most 65535 workgroups. See imageGrid in src/kernels/pool.ts.
override FOLDED: bool = false;

// (place in the row, row, image) of rows of `columns` places; those past the end lie in images past the last.
fn placeOf(id: vec3<u32>, columns: u32, rows: u32) -> vec3<u32> {
  if (!FOLDED) { return id; }
  let i = id.x + id.y * 65535u * WORKGROUP;
  let line = i / columns;
  return vec3<u32>(i - line * columns, line % rows, line / rows);
}
