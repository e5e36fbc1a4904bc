/** Bytes whose memory is its own, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>

/** RFC 6962 §2.1: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(0), entry)
}

/**
 * RFC 9162 §2.1.3.2, in the browser: true only if the proof leads from this leaf hash at this index to this root, with
 * nothing left over.
 */
export async function verifyInclusion(
  index: number,
  size: number,
  leaf: Bytes,
  proof: readonly Bytes[],
  root: Bytes,
): Promise<boolean> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  let [position, last, computed] = [index, size - 1, leaf]
  for (const sibling of proof) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      computed = await nodeHash(sibling, computed)
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)]
    } else {
      computed = await nodeHash(computed, sibling)
    }
    ;[position, last] = [half(position), half(last)]
  }
  return last === 0 && sameBytes(computed, root)
}

export function sameBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(1), left, right)
}

/** SHA-256 over the parts, one after the other. */
export async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined))
}

function half(n: number): number {
  return Math.floor(n / 2)
}
