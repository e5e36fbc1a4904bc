'use client'
import { Button } from '../_ui/button.tsx'
import { ErrorState } from '../_ui/states/error-state.tsx'

/** Next hides the message of a server error from the browser; its digest finds it in the log. */
export default function ErrorPage({ error, retry }: { error: Error & { digest?: string }; retry: () => void }) {
  return (
    <ErrorState
      wholePage
      title="This page could not be shown"
      requestId={error.digest}
      action={
        <Button kind="primary" onClick={retry}>
          Try again
        </Button>
      }
    >
      <p>Try again; if it fails again, look for the request in the log of the web role.</p>
    </ErrorState>
  )
}
