// Sums over the middle of [outer, reduced, inner], in strips: strip p of `parts` takes elements p,
// p + parts, p + 2·parts … in this order, so that neighbouring invocations read neighbouring elements.
// T is what is added up, of scalars S; X and Y are what x and y are stored as.
// @variant T = vec4<f32>
// @variant X = f16, Y = f16
// @variant T = vec4<f32>, X = vec4<f16>
// @variant T = vec4<f32>, Y = vec4<f16>
// @variant T = i32, S = i32, X = u32
// @variant T = vec4<i32>, S = i32, X = vec4<u32>
// @variant T = vec4<u32>, S = u32
alias S = f32;
alias T = f32;
alias X = T;
alias Y = T;
override WORKGROUP: u32 = 64u;
// Terms added up before they join the strip's total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 64u;

struct Params {
  // outer · parts · inner
  count: u32,
  parts: u32,
  reduced: u32,
  inner: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<Y>;

// @include linear

// @include column

@compute @workgroup_size(WORKGROUP)
fn sum(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let at = place(i);
  var total = T();
  var r = at.y;
  while (r < params.reduced) {
    var chain = T();
    let stop = min(r + BLOCK * params.parts, params.reduced);
    while (r < stop) {
      chain += T(x[at.x + r * params.inner]);
      r += params.parts;
    }
    total += chain;
  }
  y[i] = Y(total * S(params.scale));
}
