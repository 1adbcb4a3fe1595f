// Norms over groups: moments of strips of rows, merged to each group's statistics in a fixed order, and the map.
// An invocation owns one V of columns and every `strips`-th row.
// @variant V = f32, X = f32, U = u32
// @variant X = vec4<f16>
// @variant V = f32, X = f16, U = u32
alias V = vec4<f32>;
alias X = vec4<f32>;
alias U = vec4<u32>;

// @include linear
// @include groupNorm

// Count, mean and sum of squared distances from the mean; or count and sum; or the largest, and how often it is there.
struct Moments {
  count: f32,
  mean: V,
  spread: V,
}

@group(0) @binding(5) var<storage, read> bias: array<V>;
// Two planes of [outer, strips, columns].
@group(0) @binding(6) var<storage, read_write> partial: array<V>;
@group(0) @binding(7) var<storage, read> partials: array<V>;
@group(0) @binding(8) var<storage, read_write> statistic: array<V>;
@group(0) @binding(9) var<storage, read_write> y: array<X>;

var<workgroup> moments: array<Moments, LANES>;

// By their bits, so that NaN counts as the largest: none of them is negative.
fn larger(a: Moments, b: Moments) -> Moments {
  let more = bitcast<U>(b.mean) > bitcast<U>(a.mean);
  let less = bitcast<U>(b.mean) < bitcast<U>(a.mean);
  let times = select(select(a.spread + b.spread, b.spread, more), a.spread, less);
  return Moments(a.count + b.count, select(a.mean, b.mean, more), times);
}

// Chan, Golub and LeVeque 1979: moments of two sets taken together.
fn merged(a: Moments, b: Moments) -> Moments {
  if (KIND == LARGEST) { return larger(a, b); }
  let count = a.count + b.count;
  if (KIND != CENTRED) { return Moments(count, a.mean + b.mean, V()); }
  if (count == 0.0) { return a; }
  let delta = b.mean - a.mean;
  let part = b.count / count;
  return Moments(count, a.mean + delta * part, a.spread + b.spread + delta * delta * (a.count * part));
}

fn single(v: V) -> Moments {
  return Moments(1.0, v, select(V(), V(1.0), KIND == LARGEST));
}

fn four(v0: V, v1: V, v2: V, v3: V) -> Moments {
  if (KIND == LARGEST) { return larger(larger(single(v0), single(v1)), larger(single(v2), single(v3))); }
  let total = (v0 + v1) + (v2 + v3);
  if (KIND != CENTRED) { return Moments(4.0, total, V()); }
  let center = total * 0.25;
  let d0 = v0 - center;
  let d1 = v1 - center;
  let d2 = v2 - center;
  let d3 = v3 - center;
  return Moments(4.0, center, (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3));
}

// What moments are of: distances from the column's first value, which lose nothing where the mean is far from zero; or
// what norms sum.
fn measured(v: V, first: V) -> V {
  if (KIND == CENTRED) { return v - first; }
  return select(v * v, abs(v), KIND >= L1);
}

// Of an invocation's rows.
fn rowMoments(place: Place) -> Moments {
  let first = V(x[place.start]);
  let step = params.strips * params.columns;
  let end = place.start + params.rows * params.columns;
  var all = Moments();
  var i = place.start + place.strip * params.columns;
  while (i < end) {
    var chain = Moments();
    let stop = min(i + BLOCK * step, end);
    for (; i + 3u * step < stop; i += 4u * step) {
      let v0 = measured(V(x[i]), first);
      let v1 = measured(V(x[i + step]), first);
      let v2 = measured(V(x[i + 2u * step]), first);
      let v3 = measured(V(x[i + 3u * step]), first);
      chain = merged(chain, four(v0, v1, v2, v3));
    }
    for (; i < stop; i += step) { chain = merged(chain, single(measured(V(x[i]), first))); }
    all = merged(all, chain);
  }
  return all;
}

@compute @workgroup_size(WORKGROUP)
fn statistics(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = index(id);
  if (lane >= params.lanes) { return; }
  let all = rowMoments(placeOf(lane));
  partial[lane] = all.mean;
  partial[lane + params.lanes] = all.spread;
}

// The rest merges, with V a scalar.

fn firstColumn(group: u32) -> u32 {
  return group % params.groups * params.span;
}

// The value that the group's moments are distances from.
fn baseOf(group: u32) -> V {
  return V(x[group / params.groups * params.rows * params.columns + firstColumn(group)]);
}

// Of every `by`-th strip and column of a group.
fn mergedParts(group: u32, lane: u32, by: u32) -> Moments {
  let outer = group / params.groups;
  let row = outer * params.rows * params.columns;
  let plane = params.lanes / params.groups * params.strips * params.columns;
  let base = baseOf(group);
  var all = Moments();
  for (var part = lane; part < params.strips * params.span; part += by) {
    let strip = part / params.span;
    let column = firstColumn(group) + part % params.span;
    let at = (outer * params.strips + strip) * params.columns + column;
    let count = (params.rows - strip + params.strips - 1u) / params.strips;
    let away = select(V(), V(x[row + column]) - base, KIND == CENTRED);
    all = merged(all, Moments(f32(count), partials[at] + away, partials[at + plane]));
  }
  return all;
}

fn plainStatistics(all: Moments) -> Statistics {
  if (KIND == RMS) { return Statistics(V(), V(), 1.0 / sqrt(all.mean / all.count + V(params.epsilon))); }
  let norm = select(all.mean, sqrt(all.mean), KIND == L2);
  let small = norm < V(params.epsilon);
  let lost = select(V(1.0), 1.0 / all.spread, KIND == LARGEST);
  return Statistics(norm, select(lost, V(), small), 1.0 / select(norm, V(params.epsilon), small));
}

fn keep(group: u32, all: Moments) {
  var s = plainStatistics(all);
  if (KIND == CENTRED) {
    s = Statistics(baseOf(group), all.mean, 1.0 / sqrt(all.spread / all.count + V(params.epsilon)));
  }
  for (var copy = 0u; copy < params.copies; copy++) {
    let at = group * params.copies + copy;
    statistic[at] = s.base;
    statistic[at + params.slots] = s.offset;
    statistic[at + 2u * params.slots] = s.inverse;
  }
}

// One workgroup a group.
@compute @workgroup_size(LANES)
fn mergeLanes(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * 65535u;
  moments[lane] = Moments();
  if (group < params.lanes) { moments[lane] = mergedParts(group, lane, LANES); }
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { moments[lane] = merged(moments[lane], moments[lane + half]); }
  }
  if (lane == 0u && group < params.lanes) { keep(group, moments[0]); }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = index(id);
  if (lane >= params.lanes) { return; }
  let place = placeOf(lane);
  let s = statisticsOf(place);
  var scale = V(1.0);
  var shift = V();
  if (WEIGHT && !BY_ROW) { scale = weight[place.column]; }
  if (BIAS && !BY_ROW) { shift = bias[place.column]; }
  for (var row = place.strip; row < params.rows; row += params.strips) {
    if (WEIGHT && BY_ROW) { scale = weight[row * params.columns + place.column]; }
    if (BIAS && BY_ROW) { shift = bias[row * params.columns + place.column]; }
    let i = place.start + row * params.columns;
    y[i] = X(normalized(V(x[i]), s) * scale + shift);
  }
}
