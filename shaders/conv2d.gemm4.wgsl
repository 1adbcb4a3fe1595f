// Convolution as an implicit matrix product with tiles in workgroup memory, for GPUs, channels in multiples of 4: a
// workgroup computes TILE pixels times TILE channels of one strip of the sum. An invocation computes 8 times 8 of a tile
// of 128, 8 times 4 of one of 64, 4 times 4 of one of 32, in quads half a tile apart so that neighbours read neighbouring
// quads. A round is 16 input channels of one tap. Where a pixel lies is found before the loops, where a tap meets it once
// a tap, and where its results go once a workgroup; nothing is divided within. Coordinates as in conv2d.subgroup4.wgsl.
// Images and weight are vec4s of four channels; products and sums are f32, and so are strips (R4).
// @variant E4 = vec4<f16>, R4 = vec4<f16>
// @variant E4 = vec4<f16>
// @variant TILE = 128u, E4 = vec4<f16>, R4 = vec4<f16>
// @variant TILE = 32u
alias E4 = vec4<f32>;
alias R4 = vec4<f32>;
override TRANSPOSED: bool = false;
// Whether results are 0 where `cut`, the output of a ReLU as y lies, is 0.
override CUTS: bool = false;

// @include grid

// @include gather

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
const INVOCATIONS: u32 = 2u * TILE;
const QUADS: u32 = TILE / 4u;
const HALF: u32 = QUADS / 2u;
// Quads of channels that neighbours compute. An invocation has another half a tile on, WIDE, and so for pixels, TALL.
const ACROSS: u32 = min(QUADS, 16u);
const WIDE: bool = TILE > 64u;
const TALL: bool = TILE > 32u;

@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read> w: array<E4>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<R4>;
@group(0) @binding(5) var<storage, read> cut: array<E4>;

// [channel in][pixel / 4] and [channel in][channel out / 4]
var<workgroup> inputs: array<array<E4, QUADS>, DEPTH>;
var<workgroup> weights: array<array<E4, QUADS>, DEPTH>;
// Of each pixel of the tile, the vec4 of y with its first channel.
var<workgroup> places: array<u32, TILE>;

// The place of a pixel without results.
const NOWHERE: u32 = 0xffffffffu;

// Four pixels of the output's residue class.
struct Pixels {
  image: vec4<i32>,
  row: vec4<i32>,
  column: vec4<i32>,
}

// Those from `first`; past the last, the last.
fn pixelsFrom(first: u32) -> Pixels {
  let pixel = vec4<i32>(min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.pixels - 1u)));
  let line = pixel / i32(params.classWidth);
  let image = line / i32(params.classHeight);
  return Pixels(image, line - image * i32(params.classHeight), pixel - line * i32(params.classWidth));
}

struct Sources {
  // of the four input pixels' first channels, in vec4s
  at: vec4<u32>,
  inside: vec4<bool>,
}

fn sourcesOf(p: Pixels, iy: i32, ix: i32) -> Sources {
  let row = p.row * params.stride + iy;
  let column = p.column * params.stride + ix;
  let height = i32(params.inHeight);
  let width = i32(params.inWidth);
  let inside = (row >= vec4<i32>()) & (column >= vec4<i32>()) & (row < vec4<i32>(height)) & (column < vec4<i32>(width));
  let pixel = select(vec4<i32>(), (p.image * height + row) * width + column, inside);
  return Sources((vec4<u32>(pixel) * params.xPitch + params.xStart) / 4u, inside);
}

// Four channels of four pixels, turned: the columns are channels.
fn inputsAt(s: Sources, k: u32) -> array<E4, 4> {
  var a = E4();
  var b = E4();
  var c = E4();
  var d = E4();
  if (k < params.k) {
    a = select(E4(), x[s.at.x + k / 4u], s.inside.x);
    b = select(E4(), x[s.at.y + k / 4u], s.inside.y);
    c = select(E4(), x[s.at.z + k / 4u], s.inside.z);
    d = select(E4(), x[s.at.w + k / 4u], s.inside.w);
  }
  return turned(a, b, c, d);
}

fn turned(a: E4, b: E4, c: E4, d: E4) -> array<E4, 4> {
  return array<E4, 4>(
    E4(a.x, b.x, c.x, d.x), E4(a.y, b.y, c.y, d.y), E4(a.z, b.z, c.z, d.z), E4(a.w, b.w, c.w, d.w),
  );
}

// Channels k … k+3 in (elements) of channels m … m+3 out.
fn weightsAt(tap: u32, k: u32, m: u32) -> array<E4, 4> {
  if (k >= params.k) { return array<E4, 4>(); }
  if (TRANSPOSED) {
    let at = ((tap * params.m + m) * params.k + k) / 4u;
    let s = params.k / 4u;
    return turned(w[at], w[at + s], w[at + 2u * s], w[at + 3u * s]);
  }
  let at = ((tap * params.k + k) * params.m + m) / 4u;
  let s = params.m / 4u;
  return array<E4, 4>(w[at], w[at + s], w[at + 2u * s], w[at + 3u * s]);
}

// @include outer

// Where the results of a pixel of the residue class go.
fn placeOf(index: u32, ry: u32, rx: u32) -> u32 {
  let line = index / params.classWidth;
  let image = line / params.classHeight;
  let oy = (line - image * params.classHeight) * u32(params.up) + ry;
  let ox = (index - line * params.classWidth) * u32(params.up) + rx;
  let pixel = (image * params.outHeight + oy) * params.outWidth + ox;
  let counts = (index < params.pixels) & (oy < params.outHeight) & (ox < params.outWidth);
  return select(NOWHERE, (pixel * params.yPitch + params.yStart) / 4u, counts);
}

fn put(place: u32, quad: u32, v: vec4<f32>) {
  if (place == NOWHERE) { return; }
  // What is NaN stays.
  var off = (v < vec4<f32>()) & vec4<bool>(params.relu == 1u);
  if (CUTS) { off = cut[place + quad] <= E4(); }
  y[place + quad] = R4(select(v, vec4<f32>(), off));
}

// Four pixels of the tile from `first`, at channels m … m+3.
fn store(q: mat4x4<f32>, strip: u32, first: u32, m: u32) {
  if (m >= params.m) { return; }
  let quad = m / 4u;
  let start = select(vec4<f32>(), bias[quad], params.hasBias == 1u);
  let at = strip * params.stripY + quad;
  put(places[first], at, q[0] + start);
  put(places[first + 1u], at, q[1] + start);
  put(places[first + 2u], at, q[2] + start);
  put(places[first + 3u], at, q[3] + start);
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let group = workgroupAt(id);
  let residue = group.z / params.strips;
  let strip = group.z % params.strips;
  let ry = i32(residue / params.classesX);
  let rx = i32(residue % params.classesX);
  // In this plain form Tint proves that tiles are read within, and leaves out its clamps.
  let across = index % ACROSS;
  let down = index / ACROSS;
  // The first half bring a quad of pixels and one of channels in, the others one of channels in and one of channels out.
  // Neighbours bring what lies side by side.
  let bringsInput = index < TILE;
  let job = index % TILE;
  let side = vec2(job / 4u, job % 4u);
  let ownWeight = select(vec2(job % QUADS, job / QUADS), side, TRANSPOSED);
  if (bringsInput) { places[job] = placeOf(group.x * TILE + job, u32(ry), u32(rx)); }
  let own = pixelsFrom(group.x * TILE + side.x * 4u);
  let m = min(group.y * TILE + ownWeight.x * 4u, params.m - 4u);
  var q00 = mat4x4<f32>();
  var q01 = mat4x4<f32>();
  var q10 = mat4x4<f32>();
  var q11 = mat4x4<f32>();
  // The strip, counted from the first channel of the tap at hand.
  let depths = i32((params.k + DEPTH - 1u) / DEPTH * DEPTH);
  var begin = i32(strip * params.chunk);
  var end = begin + i32(params.chunk);
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let ty = ry + i32(ky) * params.dilation + params.offsetY;
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let tx = rx + i32(kx) * params.dilation + params.offsetX;
      // The same for the whole workgroup.
      if ((ty % params.up != 0) | (tx % params.up != 0)) { continue; }
      let first = u32(clamp(begin, 0, depths));
      let last = min(u32(max(end, 0)), params.k);
      begin -= depths;
      end -= depths;
      if (first >= last) { continue; }
      let sources = sourcesOf(own, ty / params.up, tx / params.up);
      let tap = ky * params.kernelWidth + kx;
      for (var k = first; k < last; k += DEPTH) {
        if (bringsInput) {
          let input = inputsAt(sources, k + side.y * 4u);
          for (var i = 0u; i < 4u; i++) { inputs[side.y * 4u + i][side.x] = input[i]; }
        } else {
          let weight = weightsAt(tap, k + ownWeight.y * 4u, m);
          for (var i = 0u; i < 4u; i++) { weights[ownWeight.y * 4u + i][ownWeight.x] = weight[i]; }
        }
        workgroupBarrier();
        for (var d = 0u; d < DEPTH; d++) {
          let p0 = vec4<f32>(inputs[d][down]);
          let m0 = vec4<f32>(weights[d][across]);
          q00 += outer(p0, m0);
          if (TALL) {
            let p1 = vec4<f32>(inputs[d][down + HALF]);
            q10 += outer(p1, m0);
            if (WIDE) {
              let m1 = vec4<f32>(weights[d][across + HALF]);
              q01 += outer(p0, m1);
              q11 += outer(p1, m1);
            }
          }
        }
        workgroupBarrier();
      }
    }
  }
  // A sum of no taps has met no barrier since the places were found.
  workgroupBarrier();
  let pixel = down * 4u;
  let channel = group.y * TILE + across * 4u;
  store(q00, strip, pixel, channel);
  if (TALL) { store(q10, strip, pixel + TILE / 2u, channel); }
  if (WIDE) {
    store(q01, strip, pixel, channel + TILE / 2u);
    store(q11, strip, pixel + TILE / 2u, channel + TILE / 2u);
  }
}
