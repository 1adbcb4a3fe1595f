// Offset of element `index` of a shape in an operand walked by `strides`; both innermost axis first, x of the first
// vector to w of the second.
fn strided(index: u32, sizes0: vec4<u32>, sizes1: vec4<u32>, strides0: vec4<u32>, strides1: vec4<u32>) -> u32 {
  var rest = index;
  var offset = (rest % sizes0.x) * strides0.x;
  rest /= sizes0.x;
  if (rest == 0u) { return offset; }
  offset += (rest % sizes0.y) * strides0.y;
  rest /= sizes0.y;
  if (rest == 0u) { return offset; }
  offset += (rest % sizes0.z) * strides0.z;
  rest /= sizes0.z;
  if (rest == 0u) { return offset; }
  offset += (rest % sizes0.w) * strides0.w;
  rest /= sizes0.w;
  if (rest == 0u) { return offset; }
  offset += (rest % sizes1.x) * strides1.x;
  rest /= sizes1.x;
  if (rest == 0u) { return offset; }
  offset += (rest % sizes1.y) * strides1.y;
  rest /= sizes1.y;
  if (rest == 0u) { return offset; }
  offset += (rest % sizes1.z) * strides1.z;
  return offset + rest / sizes1.z * strides1.w;
}
