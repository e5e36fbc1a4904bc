'use client'
import { Button } from '../../../../_ui/button.tsx'

/** Opens the browser's own print dialog, which also saves as PDF. */
export function PrintButton() {
  return (
    <Button kind="primary" onClick={() => window.print()}>
      Print or save as PDF
    </Button>
  )
}
