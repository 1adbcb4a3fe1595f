// The bits of the half nearest to a float, ties to even; drivers differ in how they round and overflow.
fn halfBits(value: vec4<f32>) -> vec4<u32> {
  let bits = bitcast<vec4<u32>>(value);
  let magnitude = bits & vec4(0x7fffffffu);
  // The exponent's bias goes from 127 to 15; adding half of what falls off, less one where the rest is even, rounds.
  let normal = (magnitude - vec4(0x38000000u) + vec4(0xfffu) + ((magnitude >> vec4(13u)) & vec4(1u))) >> vec4(13u);
  // The last bit of numbers from 0.5 on is worth as much as that of the smallest halves: the addition rounds.
  let small = bitcast<vec4<u32>>(abs(value) + vec4(0.5)) - vec4(0x3f000000u);
  var result = select(normal, small, magnitude < vec4(0x38800000u));
  result = select(result, vec4(0x7c00u), magnitude >= vec4(0x477ff000u));
  result = select(result, vec4(0x7e00u), magnitude > vec4(0x7f800000u));
  return result | ((bits >> vec4(16u)) & vec4(0x8000u));
}
