/**
 * A key management system: it makes ECDSA P-256 keys, signs with them and never gives the private half away. A key is known
 * by its name there (2 to 63 lower-case letters, digits and dashes).
 */
export interface KmsPort {
  /** Makes a key under that name where there is none; the same name again does nothing. @throws `unavailable` */
  ensureKey(keyRef: string): Promise<void>
  /** The public half: SPKI in PEM. @throws `not-found` for a name that has no key, `unavailable` */
  publicKey(keyRef: string): Promise<string>
  /** An ECDSA signature over the SHA-256 of the bytes, DER. @throws `not-found`, `unavailable` */
  sign(keyRef: string, bytes: Uint8Array): Promise<Buffer>
}
