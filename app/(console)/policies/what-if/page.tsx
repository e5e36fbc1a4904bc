import type { Metadata } from 'next'
import { currentPolicySources } from '#lib/approvals/load-policies.ts'
import { refusalOf } from '../../../_server/may.ts'
import { requireCtx } from '../../../_server/session.ts'
import { paths } from '../../../paths.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { askWhatIf } from './actions.ts'
import { WhatIfForm } from './what-if-form.tsx'

export const metadata: Metadata = { title: 'What if' }

/** Tries approval policies on past requests, before anybody puts them in force. */
export default async function PolicyWhatIfPage() {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'approval:read')
  if (denied) return <NoPermission {...denied} />
  const sources = currentPolicySources().map(({ name, text }) => ({ name, text }))
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.policies(), label: 'Policies' }]}
        title="What if the approval policies were others?"
        because="Past requests are decided again on the evidence and votes that they had. Nothing is changed: a policy comes into force by its file."
      />
      <WhatIfForm sources={sources} ask={askWhatIf} />
    </>
  )
}
