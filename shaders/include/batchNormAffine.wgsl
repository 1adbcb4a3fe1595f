// What batch norm applies. V is the file's.
// (x − center)·scale + shift, with 1/√(variance + epsilon).
struct Affine {
  center: V,
  scale: V,
  shift: V,
  inverse: V,
}
