// What both tile sizes do after the products: they give gatherTile, gatherTaps and gatherBlock.

@group(0) @binding(1) var<storage, read> products: array<T>;
@group(0) @binding(2) var<storage, read> bias: array<T>;
@group(0) @binding(3) var<storage, read_write> result: array<T>;
@group(0) @binding(4) var<storage, read> sums: array<T>;
@group(0) @binding(5) var<storage, read_write> weightGrad: array<T>;

fn storePixel(v: T, row: Line, column: Line) {
  if (row.inside & column.inside) { result[row.at + column.at] = v; }
}

// The bias and the ReLU, if asked for; max would swallow NaN.
fn finished(v: T, start: T) -> T {
  let sum = v + start;
  return select(sum, select(sum, T(), sum < T()), params.relu == 1u);
}

@compute @workgroup_size(WORKGROUP)
fn output(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var t = index(id); t < params.yJobs; t += params.stride) { gatherTile(t); }
}

fn storeTaps(v: Three, at: u32) {
  weightGrad[at] = v.a;
  weightGrad[at + params.pairs] = v.b;
  weightGrad[at + 2u * params.pairs] = v.c;
}

// The three tiles, one after the other, that reach a block's rows (or columns).
struct Tiles { before: Line, own: Line, after: Line }

fn product(row: Line, column: Line, point: u32) -> T {
  return select(T(), products[point * params.xPlane + row.at + column.at], row.inside & column.inside);
}

fn tilesAt(i: i32, count: u32, stride: u32, start: u32) -> Tiles {
  let before = lineAt(i - 1, count, stride);
  let own = lineAt(i, count, stride);
  let after = lineAt(i + 1, count, stride);
  return Tiles(
    Line(before.at + start, before.inside), Line(own.at + start, own.inside), Line(after.at + start, after.inside),
  );
}

@compute @workgroup_size(WORKGROUP)
fn gradients(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  for (var w = i; w < params.pairJobs; w += params.stride) { gatherTaps(w); }
  for (var x = i; x < params.xJobs; x += params.stride) { gatherBlock(x); }
}
