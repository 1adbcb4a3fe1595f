// Transforms before the products of the Winograd convolution F(2×2, 3×3), with points 0, ±1, ∞: a tile of 4×4 input
// pixels gives 2×2 output pixels by 16 products a channel pair instead of 36. For small images, which tiles of 4×4
// would not fill. Layouts as in winograd4.spread.wgsl.
// @variant T = vec2<f32>, TOTALS = true
// @include linear
// @include winograd
// @include winogradSpread

struct Two { a: T, b: T }
struct Four { a: T, b: T, c: T, d: T }

fn next(s: Four) -> Four {
  return Four(s.b, s.c, s.d, s.d);
}

// Bᵀ
fn spreadInput(a: T, b: T, c: T, d: T) -> Four {
  return Four(a - c, b + c, c - b, b - d);
}

// G
fn spreadWeight(a: T, b: T, c: T) -> Four {
  let p = 0.5 * (a + c);
  let q = 0.5 * b;
  return Four(a, p + q, p - q, c);
}

// A
fn spreadOutput(a: T, b: T) -> Four {
  return Four(a, a + b, a - b, -b);
}

struct Columns { a: Line, b: Line, c: Line, d: Line }

fn xRow(row: Line, x: Columns) -> Four {
  return spreadInput(fetchX(row, x.a), fetchX(row, x.b), fetchX(row, x.c), fetchX(row, x.d));
}

// @include winogradLine

fn putX(s: Four, at: u32) {
  let plane = params.xPlane;
  xSpread[at] = s.a;
  xSpread[at + plane] = s.b;
  xSpread[at + 2u * plane] = s.c;
  xSpread[at + 3u * plane] = s.d;
}

// Point (row, column) lies in plane 4·column + row.
fn transformX(i: u32) {
  let t = locate(i, params.xChannels, params.tilesY, params.tilesX, i >= params.tiles * params.xChannels);
  let pixel = params.xChannels;
  let left = t.x * 2 - params.padding;
  let x = Columns(
    lineAt(left, params.xWidth, pixel), lineAt(left + 1, params.xWidth, pixel),
    lineAt(left + 2, params.xWidth, pixel), lineAt(left + 3, params.xWidth, pixel),
  );
  let top = t.y * 2 - params.padding;
  let plane = params.xPlane;
  if (ROLLED) {
    var a = Four(); var b = Four(); var c = Four(); var d = Four();
    for (var line = top; line < top + 4; line++) {
      a = b; b = c; c = d;
      d = xRow(xLine(t, line), x);
    }
    for (var at = i; at < i + 16u * plane; at += 4u * plane) {
      putX(spreadInput(a.a, b.a, c.a, d.a), at);
      a = next(a); b = next(b); c = next(c); d = next(d);
    }
    return;
  }
  let a = xRow(xLine(t, top), x);
  let b = xRow(xLine(t, top + 1), x);
  let c = xRow(xLine(t, top + 2), x);
  let d = xRow(xLine(t, top + 3), x);
  putX(spreadInput(a.a, b.a, c.a, d.a), i);
  putX(spreadInput(a.b, b.b, c.b, d.b), i + 4u * plane);
  putX(spreadInput(a.c, b.c, c.c, d.c), i + 8u * plane);
  putX(spreadInput(a.d, b.d, c.d, d.d), i + 12u * plane);
}

// The gradient of y; if the convolution ended in a ReLU, 0 where y is 0. It passes where y is NaN, as in PyTorch: there
// != would not hold, which Dawn compiles to an ordered comparison.
fn fetchGrad(row: Line, column: Line) -> T {
  let i = row.at + column.at;
  let v = select(T(), grad[i], row.inside & column.inside);
  if (params.masked == 1u) { return select(T(), v, !(y[i] == T())); }
  return v;
}

fn gradLine(t: Tile, dy: i32) -> Line {
  let stride = params.yWidth * params.yChannels;
  let line = lineAt(t.y * 2 + dy, params.yHeight, stride);
  return Line(line.at + t.number * params.yHeight * stride + t.channel, line.inside);
}

fn putGrad(s: Four, at: u32) {
  let plane = params.yPlane;
  gradSpread[at] = s.a;
  gradSpread[at + plane] = s.b;
  gradSpread[at + 2u * plane] = s.c;
  gradSpread[at + 3u * plane] = s.d;
}

fn transformGrad(i: u32) {
  let t = locate(i, params.yChannels, params.tilesY, params.tilesX, i >= params.tiles * params.yChannels);
  let pixel = params.yChannels;
  let p = lineAt(t.x * 2, params.yWidth, pixel);
  let q = lineAt(t.x * 2 + 1, params.yWidth, pixel);
  let upper = gradLine(t, 0);
  let lower = gradLine(t, 1);
  var a = spreadOutput(fetchGrad(upper, p), fetchGrad(upper, q));
  var b = spreadOutput(fetchGrad(lower, p), fetchGrad(lower, q));
  let plane = params.yPlane;
  if (TOTALS) { gradSpread[i + 16u * plane] = a.b + b.b; }
  if (ROLLED) {
    for (var at = i; at < i + 16u * plane; at += 4u * plane) {
      putGrad(spreadOutput(a.a, b.a), at);
      a = next(a); b = next(b);
    }
    return;
  }
  putGrad(spreadOutput(a.a, b.a), i);
  putGrad(spreadOutput(a.b, b.b), i + 4u * plane);
  putGrad(spreadOutput(a.c, b.c), i + 8u * plane);
  putGrad(spreadOutput(a.d, b.d), i + 12u * plane);
}

fn putWeight(s: Four, at: u32) {
  let plane = params.pairPlane;
  weightSpread[at] = s.a;
  weightSpread[at + plane] = s.b;
  weightSpread[at + 2u * plane] = s.c;
  weightSpread[at + 3u * plane] = s.d;
}

fn transformWeight(i: u32) {
  var a = spreadWeight(tap(i, 0u), tap(i, 1u), tap(i, 2u));
  var b = spreadWeight(tap(i, 3u), tap(i, 4u), tap(i, 5u));
  var c = spreadWeight(tap(i, 6u), tap(i, 7u), tap(i, 8u));
  let plane = params.pairPlane;
  if (ROLLED) {
    for (var at = i; at < i + 16u * plane; at += 4u * plane) {
      putWeight(spreadWeight(a.a, b.a, c.a), at);
      a = next(a); b = next(b); c = next(c);
    }
    return;
  }
  putWeight(spreadWeight(a.a, b.a, c.a), i);
  putWeight(spreadWeight(a.b, b.b, c.b), i + 4u * plane);
  putWeight(spreadWeight(a.c, b.c, c.c), i + 8u * plane);
  putWeight(spreadWeight(a.d, b.d, c.d), i + 12u * plane);
}
