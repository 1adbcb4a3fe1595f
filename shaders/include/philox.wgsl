// High word of the 64-bit products.
fn highProduct(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let a0 = a & vec2<u32>(0xffffu);
  let a1 = a >> vec2<u32>(16u);
  let b0 = b & vec2<u32>(0xffffu);
  let b1 = b >> vec2<u32>(16u);
  let middle = a1 * b0 + ((a0 * b0) >> vec2<u32>(16u));
  let carry = a0 * b1 + (middle & vec2<u32>(0xffffu));
  return a1 * b1 + (middle >> vec2<u32>(16u)) + (carry >> vec2<u32>(16u));
}

// Philox 4x32-10 (Salmon et al., SC'11).
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  let multiplier = vec2<u32>(0xd2511f53u, 0xcd9e8d57u);
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high = highProduct(multiplier, c.xz);
    let low = multiplier * c.xz;
    c = vec4<u32>(high.y ^ c.y ^ k.x, low.y, high.x ^ c.w ^ k.y, low.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
