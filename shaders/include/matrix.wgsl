// Products of f16 on matrix units (tensor cores), sums in f32: ROWS times COLUMNS a workgroup of four subgroups, or one,
// each of which has 4×2 products of SIDE×SIDE, DEPTH terms of the sum a round.
// The matrices' side and the lanes of a subgroup, set to what the adapter has (src/tensor/caps.ts), 16 and 32 on most
// GPUs; those written here are what Dawn's null adapter can take.
const SIDE: u32 = 8u;
const LANES: u32 = 32u;
const SUBGROUPS: u32 = 4u;
const INVOCATIONS: u32 = SUBGROUPS * LANES;
// Subgroups side by side.
const ABREAST: u32 = min(SUBGROUPS, 2u);
const ROWS: u32 = SUBGROUPS / ABREAST * 4u * SIDE;
const COLUMNS: u32 = ABREAST * 2u * SIDE;
const DEPTH: u32 = 2u * SIDE;
// vec4s that an invocation brings a round.
const ROW_LOADS: u32 = ROWS * DEPTH / 4u / INVOCATIONS;
const COLUMN_LOADS: u32 = COLUMNS * DEPTH / 4u / INVOCATIONS;
alias Left = subgroup_matrix_left<f16, SIDE, SIDE>;
alias Right = subgroup_matrix_right<f16, SIDE, SIDE>;
alias Product = subgroup_matrix_result<f32, SIDE, SIDE>;

// Two products of each subgroup side by side: a subgroup does not know which lane holds what of them.
var<workgroup> results: array<vec4<f32>, SUBGROUPS * SIDE * SIDE / 2u>;
const RESULT_PITCH: u32 = SIDE / 2u;

fn lay(at: u32, left: Product, right: Product) {
  subgroupMatrixStore<row_major>(&results, at, left, RESULT_PITCH);
  subgroupMatrixStore<row_major>(&results, at + SIDE / 4u, right, RESULT_PITCH);
}
