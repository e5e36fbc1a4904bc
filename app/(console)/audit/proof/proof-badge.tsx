'use client'
import { useEffect, useState } from 'react'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { Status } from '../../../_ui/status.tsx'
import { verifyReceipt, type Claim, type Verdict } from './verify-receipt.ts'

/** Verifies the entry's place in the log in this very browser, and says what came of it. */
export function ProofBadge({ claim }: { claim: Claim }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null)
  const { entry, receipt, vkey } = claim
  useEffect(() => {
    let stale = false
    const verify = async () => {
      const next = await verifyReceipt({ entry, receipt, vkey }).catch(cannotVerify)
      if (!stale) setVerdict(next)
    }
    void verify()
    return () => {
      stale = true
    }
  }, [entry, receipt, vkey])
  return (
    <div aria-live="polite">
      {verdict === null && <Status of="pending">Verifying in your browser…</Status>}
      {verdict?.kind === 'failed' && <Status of="failed">Not verified: {verdict.because}</Status>}
      {verdict?.kind === 'verified' && <Verified verdict={verdict} />}
    </div>
  )
}

// Only WebCrypto itself can fail here: browsers offer it to secure pages alone.
function cannotVerify(): Verdict {
  return { kind: 'failed', because: 'this browser cannot verify; it needs HTTPS or localhost.' }
}

function Verified({ verdict }: { verdict: Extract<Verdict, { kind: 'verified' }> }) {
  const { index, size, root, origin, signature } = verdict
  return (
    <>
      <Status of="verified">Verified in your browser</Status>
      <KeyValue
        items={[
          { label: 'Place', value: `leaf ${index.toLocaleString('en-US')} of ${size.toLocaleString('en-US')}` },
          { label: 'Root', value: <code>{root}</code> },
          {
            label: 'Signed by',
            value: signature === 'verified' ? origin : `${origin}; this browser knows no Ed25519, so not checked here`,
          },
        ]}
      />
    </>
  )
}
