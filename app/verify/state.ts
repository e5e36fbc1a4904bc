import type { Check } from '#lib/attestations/explain-verification.ts'

export type VerifyState =
  | { status: 'idle' }
  | { status: 'failed'; message: string }
  | {
      status: 'answered'
      /** By keys that were handed in, not by this installation's own word. */
      pinned: boolean
      checks: Check[]
      because: string | null
      verified: {
        kind: string
        about: string
        digest: string
        keyid: string
        demo: boolean
        recordedHere: string | null
      } | null
    }
