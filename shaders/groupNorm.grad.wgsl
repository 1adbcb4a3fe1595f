// Gradients of norms over groups: sums over strips of rows, merged by groups in a fixed order, and the gradient of x.
// An invocation owns one V of columns and every `strips`-th row.
// @variant V = f32, X = f32
// @variant X = vec4<f16>
// @variant V = f32, X = f16
alias V = vec4<f32>;
alias X = vec4<f32>;

// @include linear
// @include groupNorm

@group(0) @binding(5) var<storage, read> dy: array<X>;
// Sums of dy and of dy · normalised x, by strip and column, weighted where weights belong to rows.
@group(0) @binding(6) var<storage, read_write> sum: array<V>;
@group(0) @binding(7) var<storage, read_write> product: array<V>;
@group(0) @binding(8) var<storage, read> sums: array<V>;
@group(0) @binding(9) var<storage, read> products: array<V>;
// What the gradient loses through the mean and through the divisor: two planes as the statistics.
@group(0) @binding(10) var<storage, read_write> lost: array<V>;
@group(0) @binding(11) var<storage, read> lostByGroup: array<f32>;
@group(0) @binding(12) var<storage, read> lostByColumn: array<V>;
@group(0) @binding(13) var<storage, read_write> dx: array<X>;

var<workgroup> pairs: array<array<V, 2>, LANES>;

@compute @workgroup_size(WORKGROUP)
fn gradientSums(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = index(id);
  if (lane >= params.lanes) { return; }
  let place = placeOf(lane);
  let s = statisticsOf(place);
  var all = V();
  var distances = V();
  var row = place.strip;
  while (row < params.rows) {
    var some = V();
    var few = V();
    let stop = min(row + BLOCK * params.strips, params.rows);
    for (; row < stop; row += params.strips) {
      let i = place.start + row * params.columns;
      var g = V(dy[i]);
      if (WEIGHT && BY_ROW) { g *= weight[row * params.columns + place.column]; }
      some += g;
      few += g * normalized(V(x[i]), s);
    }
    all += some;
    distances += few;
  }
  sum[lane] = all;
  product[lane] = distances;
}

// Sums over every `strips`-th outer index, where weight and bias belong to rows: `rows` is 1, `columns` a whole group.
@compute @workgroup_size(WORKGROUP)
fn affineSums(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = index(id);
  if (lane >= params.lanes) { return; }
  let column = lane % params.columns;
  var all = V();
  var distances = V();
  for (var outer = lane / params.columns; outer < params.rows; outer += params.strips) {
    let i = outer * params.columns + column;
    let g = V(dy[i]);
    all += g;
    distances += g * normalized(V(x[i]), statisticsOf(Place(outer, 0u, 0u, 0u)));
  }
  sum[lane] = all;
  product[lane] = distances;
}

// The rest but for `backward` merges, with V a scalar.

// Of every `by`-th strip and column of a group.
fn mergedParts(group: u32, lane: u32, by: u32) -> array<V, 2> {
  let outer = group / params.groups;
  let first = group % params.groups * params.span;
  var all = V();
  var distances = V();
  for (var part = lane; part < params.strips * params.span; part += by) {
    let column = first + part % params.span;
    let at = (outer * params.strips + part / params.span) * params.columns + column;
    var scale = V(1.0);
    if (WEIGHT && !BY_ROW) { scale = weight[column]; }
    all += sums[at] * scale;
    distances += products[at] * scale;
  }
  return array<V, 2>(all, distances);
}

fn keep(group: u32, pair: array<V, 2>) {
  let byMean = select(V(), pair[0] / params.count, KIND == CENTRED);
  let part = V(byGroup[group * params.copies + params.slots]);
  let byDivisor = select(pair[1] * part, pair[1] / params.count, KIND <= RMS);
  for (var copy = 0u; copy < params.copies; copy++) {
    let at = group * params.copies + copy;
    lost[at] = byMean;
    lost[at + params.slots] = byDivisor;
  }
}

// One workgroup a group.
@compute @workgroup_size(LANES)
fn mergeLanes(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * 65535u;
  pairs[lane] = array<V, 2>();
  if (group < params.lanes) { pairs[lane] = mergedParts(group, lane, LANES); }
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      pairs[lane][0] += pairs[lane + half][0];
      pairs[lane][1] += pairs[lane + half][1];
    }
  }
  if (lane == 0u && group < params.lanes) { keep(group, pairs[0]); }
}

fn lostOf(place: Place) -> array<V, 2> {
  if (SHARED) {
    let at = place.outer * params.groups + place.column / params.span;
    return array<V, 2>(V(lostByGroup[at]), V(lostByGroup[at + params.slots]));
  }
  let at = place.outer * params.columns + place.column;
  return array<V, 2>(lostByColumn[at], lostByColumn[at + params.slots / 4u]);
}

// How the divisor grows with x, times the divisor where it is a mean or a sum of squares.
fn slope(v: V, s: Statistics) -> V {
  if (KIND == L1) { return sign(v); }
  if (KIND == LARGEST) { return select(V(), sign(v), abs(v) == s.base); }
  return normalized(v, s);
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = index(id);
  if (lane >= params.lanes) { return; }
  let place = placeOf(lane);
  let s = statisticsOf(place);
  let parts = lostOf(place);
  var scale = V(1.0);
  if (WEIGHT && !BY_ROW) { scale = weight[place.column]; }
  for (var row = place.strip; row < params.rows; row += params.strips) {
    if (WEIGHT && BY_ROW) { scale = weight[row * params.columns + place.column]; }
    let i = place.start + row * params.columns;
    let v = V(x[i]);
    dx[i] = X(s.inverse * (V(dy[i]) * scale - parts[0] - slope(v, s) * parts[1]));
  }
}
