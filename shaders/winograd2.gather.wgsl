// Transforms after the products of the Winograd convolution F(2×2, 3×3): see winograd2.spread.wgsl, and
// winograd4.gather.wgsl for the gradients as the adjoint of the whole.
// @include winograd

@group(0) @binding(1) var<storage, read> products: array<T>;
@group(0) @binding(2) var<storage, read> bias: array<T>;
@group(0) @binding(3) var<storage, read_write> result: array<T>;
@group(0) @binding(4) var<storage, read> sums: array<T>;
@group(0) @binding(5) var<storage, read> grad: array<T>;
@group(0) @binding(6) var<storage, read> y: array<T>;
@group(0) @binding(7) var<storage, read_write> weightGrad: array<T>;
@group(0) @binding(8) var<storage, read_write> biasGrad: array<T>;

struct Two { a: T, b: T }
struct Three { a: T, b: T, c: T }

// Aᵀ
fn gatherOutput(a: T, b: T, c: T, d: T) -> Two {
  return Two(a + b + c, b - c - d);
}

// Gᵀ
fn gatherWeight(a: T, b: T, c: T, d: T) -> Three {
  let p = 0.5 * (b + c);
  return Three(a + p, 0.5 * (b - c), p + d);
}

// Rows 1 and 2 of B, with the last row of the tile before and the first of the one after.
fn gatherInput(before: T, a: T, b: T, c: T, d: T, after: T) -> Two {
  return Two(b - c + d - before, b + c - a + after);
}

fn outputColumn(at: u32, plane: u32) -> Two {
  return gatherOutput(
    products[at], products[at + plane], products[at + 2u * plane], products[at + 3u * plane],
  );
}

fn storePixel(v: T, row: Line, column: Line) {
  if (row.inside & column.inside) { result[row.at + column.at] = select(v, max(v, T()), params.relu == 1u); }
}

fn yLine(t: Tile, dy: i32) -> Line {
  let stride = params.yWidth * params.yChannels;
  let line = lineAt(t.y * 2 + dy, params.yHeight, stride);
  return Line(line.at + t.number * params.yHeight * stride + t.channel, line.inside);
}

// The output of a convolution.
fn gatherTile(i: u32) {
  let plane = params.yPlane;
  let pixel = params.yChannels;
  let t = locate(i, pixel, params.tilesY, params.tilesX, false);
  let left = lineAt(t.x * 2, params.yWidth, pixel);
  let right = lineAt(t.x * 2 + 1, params.yWidth, pixel);
  var start = T();
  if (params.hasBias == 1u) { start = bias[t.channel]; }
  let a = outputColumn(i, plane);
  let b = outputColumn(i + 4u * plane, plane);
  let c = outputColumn(i + 8u * plane, plane);
  let d = outputColumn(i + 12u * plane, plane);
  let upper = gatherOutput(a.a, b.a, c.a, d.a);
  let lower = gatherOutput(a.b, b.b, c.b, d.b);
  let above = yLine(t, 0);
  let below = yLine(t, 1);
  storePixel(upper.a + start, above, left);
  storePixel(upper.b + start, above, right);
  storePixel(lower.a + start, below, left);
  storePixel(lower.b + start, below, right);
}

@compute @workgroup_size(WORKGROUP)
fn output(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var t = index(id); t < params.yJobs; t += params.stride) { gatherTile(t); }
}

fn weightColumn(at: u32, plane: u32) -> Three {
  return gatherWeight(sums[at], sums[at + plane], sums[at + 2u * plane], sums[at + 3u * plane]);
}

fn storeTaps(v: Three, at: u32) {
  weightGrad[at] = v.a;
  weightGrad[at + params.pairs] = v.b;
  weightGrad[at + 2u * params.pairs] = v.c;
}

fn gatherTaps(i: u32) {
  let plane = params.pairPlane;
  let a = weightColumn(i, plane);
  let b = weightColumn(i + 4u * plane, plane);
  let c = weightColumn(i + 8u * plane, plane);
  let d = weightColumn(i + 12u * plane, plane);
  storeTaps(gatherWeight(a.a, b.a, c.a, d.a), i);
  storeTaps(gatherWeight(a.b, b.b, c.b, d.b), i + 3u * params.pairs);
  storeTaps(gatherWeight(a.c, b.c, c.c, d.c), i + 6u * params.pairs);
}

// The three tiles, one after the other, that reach a block's rows (or columns).
struct Tiles { before: Line, own: Line, after: Line }

fn product(row: Line, column: Line, point: u32) -> T {
  return select(T(), products[point * params.xPlane + row.at + column.at], row.inside & column.inside);
}

fn inputColumn(y: Tiles, x: Line, column: u32) -> Two {
  let p = 4u * column;
  return gatherInput(
    product(y.before, x, p + 3u),
    product(y.own, x, p), product(y.own, x, p + 1u), product(y.own, x, p + 2u), product(y.own, x, p + 3u),
    product(y.after, x, p),
  );
}

fn tilesAt(i: i32, count: u32, stride: u32, start: u32) -> Tiles {
  let before = lineAt(i - 1, count, stride);
  let own = lineAt(i, count, stride);
  let after = lineAt(i + 1, count, stride);
  return Tiles(
    Line(before.at + start, before.inside), Line(own.at + start, own.inside), Line(after.at + start, after.inside),
  );
}

fn xLine(t: Tile, dy: i32) -> Line {
  let stride = params.xWidth * params.xChannels;
  let line = lineAt(t.y * 2 + 1 - params.padding + dy, params.xHeight, stride);
  return Line(line.at + t.number * params.xHeight * stride + t.channel, line.inside);
}

// The gradient of the input in a block of 2×2 pixels: rows and columns 1 and 2 of one tile.
fn gatherBlock(i: u32) {
  let pixel = params.xChannels;
  let place = locate(i, pixel, params.blocksY, params.blocksX, false);
  let t = Tile(place.number, place.y + params.firstBlock, place.x + params.firstBlock, place.channel);
  let stride = params.tilesX * pixel;
  let rows = tilesAt(t.y, params.tilesY, stride, t.number * params.tilesY * stride + t.channel);
  let columns = tilesAt(t.x, params.tilesX, pixel, 0u);
  let left = lineAt(t.x * 2 + 1 - params.padding, params.xWidth, pixel);
  let right = lineAt(t.x * 2 + 2 - params.padding, params.xWidth, pixel);
  let z = inputColumn(rows, columns.before, 3u);
  let a = inputColumn(rows, columns.own, 0u);
  let b = inputColumn(rows, columns.own, 1u);
  let c = inputColumn(rows, columns.own, 2u);
  let d = inputColumn(rows, columns.own, 3u);
  let e = inputColumn(rows, columns.after, 0u);
  let upper = gatherInput(z.a, a.a, b.a, c.a, d.a, e.a);
  let lower = gatherInput(z.b, a.b, b.b, c.b, d.b, e.b);
  let above = xLine(t, 0);
  let below = xLine(t, 1);
  storePixel(upper.a, above, left);
  storePixel(upper.b, above, right);
  storePixel(lower.a, below, left);
  storePixel(lower.b, below, right);
}

fn gradAt(i: u32) -> T {
  if (params.masked == 1u) { return select(T(), grad[i], y[i] > T()); }
  return grad[i];
}

// The gradient of the bias: a channel's sum over the pixels, in blocks, for rounding grows with the longest chain.
fn sumPixels(channel: u32) {
  var sum = T();
  for (var begin = 0u; begin < params.pixels; begin += 128u) {
    var chain = T();
    for (var pixel = begin; pixel < min(begin + 128u, params.pixels); pixel++) {
      chain += gradAt(pixel * params.yChannels + channel);
    }
    sum += chain;
  }
  biasGrad[channel] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn gradients(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  for (var b = i; b < params.biasJobs; b += params.stride) { sumPixels(b); }
  for (var w = i; w < params.pairJobs; w += params.stride) { gatherTaps(w); }
  for (var x = i; x < params.xJobs; x += params.stride) { gatherBlock(x); }
}
