'use client'
import './tokens.css'

/** Stands in for the whole page when even the frame failed, so it uses nothing but the tokens. */
export default function GlobalError({ error, retry }: { error: Error & { digest?: string }; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Something failed · Quarterdeck</title>
        <main style={{ maxWidth: 560, margin: '18vh auto 0', padding: '0 20px' }}>
          <h1>The console could not show this page</h1>
          <p style={{ margin: '6px 0 14px', color: 'var(--text-2)' }}>
            Nothing was changed by this: rollouts, alerts and rollbacks run apart from the console.
            {error.digest && (
              <>
                {' '}
                The log has the cause under <code>{error.digest}</code>.
              </>
            )}
          </p>
          <button type="button" onClick={retry}>
            Try again
          </button>
        </main>
      </body>
    </html>
  )
}
