// Copies a run of every row of one tensor to a run of every row of another, whatever the elements are.
// @variant T = vec4<u32>
// @variant T = f16
alias T = u32;
override WORKGROUP: u32 = 64u;

struct Params {
  // Elements to write, and how many invocations share them.
  count: u32,
  invocations: u32,
  // Elements of a run, and of a row and before the run in it, in x and in y.
  run: u32,
  xRow: u32,
  xStart: u32,
  yRow: u32,
  yStart: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;

@compute @workgroup_size(WORKGROUP)
fn runs(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = id.x + id.y * 65535u * WORKGROUP; i < params.count; i += params.invocations) {
    let row = i / params.run;
    let column = i - row * params.run;
    y[row * params.yRow + params.yStart + column] = x[row * params.xRow + params.xStart + column];
  }
}

// Whole rows of y: the run, and zeros around it.
@compute @workgroup_size(WORKGROUP)
fn padded(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = id.x + id.y * 65535u * WORKGROUP; i < params.count; i += params.invocations) {
    let row = i / params.yRow;
    let column = i - row * params.yRow;
    var value = T();
    if (column >= params.yStart && column < params.yStart + params.run) {
      value = x[row * params.xRow + params.xStart + column - params.yStart];
    }
    y[i] = value;
  }
}
