/** @file Unique identifiers that follow from content: the same segmentation has the same, another has another. */

/**
 * A UID derived from a UUID (PS3.5 B.2), here of version 8 (RFC 9562): the first 122 free bits of SHA-256 over the parts,
 * each behind its length.
 */
export async function contentUid(...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const bytes = parts.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part));
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + 8 + length, 0));
  const view = new DataView(whole.buffer);
  let at = 0;
  for (const part of bytes) {
    view.setBigUint64(at, BigInt(part.length));
    whole.set(part, at + 8);
    at += 8 + part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const value = hash.subarray(0, 16).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return `2.25.${value}`;
}
