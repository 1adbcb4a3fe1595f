// What batch norm and its gradients share. V, X and Params are the file's.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(7) var<storage, read_write> y: array<X>;
// Two planes of [strips, groups].
@group(0) @binding(8) var<storage, read_write> partial: array<V>;
@group(0) @binding(9) var<storage, read> partials: array<V>;
// Affines as [4, groups].
@group(0) @binding(11) var<storage, read> affines: array<V>;

fn kept(group: u32) -> Affine {
  let scale = affines[group + params.groups];
  let shift = affines[group + 2u * params.groups];
  return Affine(affines[group], scale, shift, affines[group + 3u * params.groups]);
}
