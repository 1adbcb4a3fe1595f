// Transforms before the products of the Winograd convolution F(4×4, 3×3): a tile of 6×6 input pixels gives 4×4 output
// pixels by 36 products a channel pair instead of 144. Polynomial points 0, ±√½, ±√2, ∞, which err a fifth as much as
// the usual 0, ±1, ±2, ∞. An invocation transforms one tile (or one kernel) of one T of channels; a transformed image
// is [36][tile][channel], a transformed weight [36] times the weight's channels in their own order. Planes lie a cache
// line further apart than they are long, for a tile's 36 values would else share few sets of the cache.
//
// Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016): y = Aᵀ((G g Gᵀ) ∘ (Bᵀ d B))A.
// @variant T = vec2<f32>, TOTALS = true
// @include linear
// @include winograd
// @include winogradSpread

const LOW: f32 = 0.7071067811865476;
const HIGH: f32 = 1.4142135623730951;

struct Three { a: T, b: T, c: T }
struct Four { a: T, b: T, c: T, d: T }
struct Six { a: T, b: T, c: T, d: T, e: T, f: T }

fn next(s: Six) -> Six {
  return Six(s.b, s.c, s.d, s.e, s.f, s.f);
}

// Bᵀ
fn spreadInput(a: T, b: T, c: T, d: T, e: T, f: T) -> Six {
  let p = e - 2.0 * c;
  let q = LOW * (d - 2.0 * b);
  let r = e - 0.5 * c;
  let s = HIGH * (d - 0.5 * b);
  return Six(a - 2.5 * c + e, p + q, p - q, r + s, r - s, b - 2.5 * d + f);
}

// G
fn spreadWeight(a: T, b: T, c: T) -> Six {
  let p = (-2.0 / 3.0) * (a + 0.5 * c);
  let q = (-2.0 / 3.0 * LOW) * b;
  let r = (1.0 / 6.0) * (a + 2.0 * c);
  let s = (1.0 / 6.0 * HIGH) * b;
  return Six(a, p + q, p - q, r + s, r - s, c);
}

// A
fn spreadOutput(a: T, b: T, c: T, d: T) -> Six {
  let p = a + 0.5 * c;
  let q = LOW * (b + 0.5 * d);
  let r = a + 2.0 * c;
  let s = HIGH * (b + 2.0 * d);
  return Six(a, p + q, p - q, r + s, r - s, d);
}

struct Columns { a: Line, b: Line, c: Line, d: Line, e: Line, f: Line }

fn xRow(row: Line, x: Columns) -> Six {
  return spreadInput(
    fetchX(row, x.a), fetchX(row, x.b), fetchX(row, x.c), fetchX(row, x.d), fetchX(row, x.e), fetchX(row, x.f),
  );
}

fn putX(s: Six, at: u32) {
  let plane = params.xPlane;
  xSpread[at] = s.a;
  xSpread[at + plane] = s.b;
  xSpread[at + 2u * plane] = s.c;
  xSpread[at + 3u * plane] = s.d;
  xSpread[at + 4u * plane] = s.e;
  xSpread[at + 5u * plane] = s.f;
}

// Point (row, column) lies in plane 6·column + row.
fn transformX(i: u32) {
  let t = locate(i, params.xChannels, params.tilesY, params.tilesX, i >= params.tiles * params.xChannels);
  let pixel = params.xChannels;
  let left = t.x * 4 - params.padding;
  let x = Columns(
    lineAt(left, params.xWidth, pixel), lineAt(left + 1, params.xWidth, pixel),
    lineAt(left + 2, params.xWidth, pixel), lineAt(left + 3, params.xWidth, pixel),
    lineAt(left + 4, params.xWidth, pixel), lineAt(left + 5, params.xWidth, pixel),
  );
  let top = t.y * 4 - params.padding;
  let plane = params.xPlane;
  if (ROLLED) {
    var a = Six(); var b = Six(); var c = Six(); var d = Six(); var e = Six(); var f = Six();
    for (var line = top; line < top + 6; line++) {
      a = b; b = c; c = d; d = e; e = f;
      f = xRow(xLine(t, line), x);
    }
    for (var at = i; at < i + 36u * plane; at += 6u * plane) {
      putX(spreadInput(a.a, b.a, c.a, d.a, e.a, f.a), at);
      a = next(a); b = next(b); c = next(c); d = next(d); e = next(e); f = next(f);
    }
    return;
  }
  let a = xRow(xLine(t, top), x);
  let b = xRow(xLine(t, top + 1), x);
  let c = xRow(xLine(t, top + 2), x);
  let d = xRow(xLine(t, top + 3), x);
  let e = xRow(xLine(t, top + 4), x);
  let f = xRow(xLine(t, top + 5), x);
  putX(spreadInput(a.a, b.a, c.a, d.a, e.a, f.a), i);
  putX(spreadInput(a.b, b.b, c.b, d.b, e.b, f.b), i + 6u * plane);
  putX(spreadInput(a.c, b.c, c.c, d.c, e.c, f.c), i + 12u * plane);
  putX(spreadInput(a.d, b.d, c.d, d.d, e.d, f.d), i + 18u * plane);
  putX(spreadInput(a.e, b.e, c.e, d.e, e.e, f.e), i + 24u * plane);
  putX(spreadInput(a.f, b.f, c.f, d.f, e.f, f.f), i + 30u * plane);
}

// @include winogradLine

// The gradient of y; if the convolution ended in a ReLU, 0 where y is 0. It passes where y is NaN, as in PyTorch: there
// != would not hold, which Dawn compiles to an ordered comparison.
fn fetchGrad(row: Line, column: Line) -> T {
  let i = row.at + column.at;
  return select(T(), grad[i], row.inside & column.inside);
}

fn gradLine(t: Tile, i: i32) -> Line {
  let stride = params.yWidth * params.yChannels;
  let line = lineAt(i, params.yHeight, stride);
  return Line(line.at + t.number * params.yHeight * stride + t.channel, line.inside);
}

fn gradRow(row: Line, a: Line, b: Line, c: Line, d: Line) -> Four {
  var v = Four(fetchGrad(row, a), fetchGrad(row, b), fetchGrad(row, c), fetchGrad(row, d));
  if (params.masked == 1u) {
    v.a = select(T(), v.a, !(y[row.at + a.at] == T()));
    v.b = select(T(), v.b, !(y[row.at + b.at] == T()));
    v.c = select(T(), v.c, !(y[row.at + c.at] == T()));
    v.d = select(T(), v.d, !(y[row.at + d.at] == T()));
  }
  return v;
}

fn putGrad(s: Six, at: u32) {
  let plane = params.yPlane;
  gradSpread[at] = s.a;
  gradSpread[at + plane] = s.b;
  gradSpread[at + 2u * plane] = s.c;
  gradSpread[at + 3u * plane] = s.d;
  gradSpread[at + 4u * plane] = s.e;
  gradSpread[at + 5u * plane] = s.f;
}

fn transformGrad(i: u32) {
  let t = locate(i, params.yChannels, params.tilesY, params.tilesX, i >= params.tiles * params.yChannels);
  let pixel = params.yChannels;
  let p = lineAt(t.x * 4, params.yWidth, pixel);
  let q = lineAt(t.x * 4 + 1, params.yWidth, pixel);
  let r = lineAt(t.x * 4 + 2, params.yWidth, pixel);
  let s = lineAt(t.x * 4 + 3, params.yWidth, pixel);
  let top = t.y * 4;
  let plane = params.yPlane;
  var a = Six(); var b = Six(); var c = Six(); var d = Six();
  var total = T();
  for (var line = top; line < top + 4; line++) {
    let v = gradRow(gradLine(t, line), p, q, r, s);
    a = b; b = c; c = d;
    d = spreadOutput(v.a, v.b, v.c, v.d);
    if (TOTALS) { total += (v.a + v.b) + (v.c + v.d); }
  }
  for (var at = i; at < i + 36u * plane; at += 6u * plane) {
    putGrad(spreadOutput(a.a, b.a, c.a, d.a), at);
    a = next(a); b = next(b); c = next(c); d = next(d);
  }
  if (TOTALS) { gradSpread[i + 36u * plane] = total; }
}

fn putWeight(s: Six, at: u32) {
  let plane = params.pairPlane;
  weightSpread[at] = s.a;
  weightSpread[at + plane] = s.b;
  weightSpread[at + 2u * plane] = s.c;
  weightSpread[at + 3u * plane] = s.d;
  weightSpread[at + 4u * plane] = s.e;
  weightSpread[at + 5u * plane] = s.f;
}

fn transformWeight(i: u32) {
  var a = spreadWeight(tap(i, 0u), tap(i, 1u), tap(i, 2u));
  var b = spreadWeight(tap(i, 3u), tap(i, 4u), tap(i, 5u));
  var c = spreadWeight(tap(i, 6u), tap(i, 7u), tap(i, 8u));
  let plane = params.pairPlane;
  if (ROLLED) {
    for (var at = i; at < i + 36u * plane; at += 6u * plane) {
      putWeight(spreadWeight(a.a, b.a, c.a), at);
      a = next(a); b = next(b); c = next(c);
    }
    return;
  }
  putWeight(spreadWeight(a.a, b.a, c.a), i);
  putWeight(spreadWeight(a.b, b.b, c.b), i + 6u * plane);
  putWeight(spreadWeight(a.c, b.c, c.c), i + 12u * plane);
  putWeight(spreadWeight(a.d, b.d, c.d), i + 18u * plane);
  putWeight(spreadWeight(a.e, b.e, c.e), i + 24u * plane);
  putWeight(spreadWeight(a.f, b.f, c.f), i + 30u * plane);
}
