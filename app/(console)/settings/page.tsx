import type { Metadata } from 'next'
import { requireSession } from '../../_server/session.ts'
import { EmptyState } from '../../_ui/states/empty-state.tsx'

export const metadata: Metadata = { title: 'Settings' }

export default async function SettingsPage() {
  await requireSession()
  return (
    <EmptyState wholePage icon="sliders" title="Settings are not on a page yet">
      The installation is configured by environment variables and by the policy files, which change by review.
      Environments and roles are made through the API.
    </EmptyState>
  )
}
