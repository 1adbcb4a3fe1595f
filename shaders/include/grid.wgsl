// Where a workgroup lies in its grid, however long the axes: see src/kernels/launch/grid.ts.
override FOLDED: bool = false;
override GRID_X: u32 = 1u;
override GRID_Y: u32 = 1u;
override GRID_Z: u32 = 1u;
// Workgroups in a row of the launch.
override GRID_ROW: u32 = 1u;

fn workgroupAt(id: vec3<u32>) -> vec3<u32> {
  if (!FOLDED) { return id; }
  // Those that only fill the last row do the last one's work again.
  let number = min(id.x + id.y * GRID_ROW, GRID_X * GRID_Y * GRID_Z - 1u);
  return vec3<u32>(number % GRID_X, number / GRID_X % GRID_Y, number / GRID_X / GRID_Y);
}
