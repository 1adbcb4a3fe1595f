// Sizes of batch norm: see src/kernels/batchNormSums.ts. X is the file's.
struct Params {
  rows: u32,
  groups: u32,
  strips: u32,
  epsilon: f32,
  momentum: f32,
  // 1/rows where the statistics depend on x, 0 where they are given
  share: f32,
  // Xs of the output from row to row, and before a row's first
  pitch: u32,
  start: u32,
  // Where ranks share the batch: this one, and how many
  rank: u32,
  ranks: u32,
}
