/** @file The greatest common divisor. */

/** Of whole numbers from 0. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
