import type { Metadata } from 'next'
import { can, type RegistryView, type UpstreamModelView } from '#lib/registries/model.ts'
import { listRegistries, listUpstreamModels, readRegistry } from '#lib/registries/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { ButtonLink } from '../../../_ui/button-link.tsx'
import { formatCount } from '../../../_ui/format.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { PermissionButton } from '../../../_ui/permission-button.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { StepList, type Step } from '../../../_ui/step-list.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { paths } from '../../../paths.ts'
import { chooseModelsAction, connectRegistryAction, testRegistryAction } from './actions.ts'
import { ConnectForm } from './connect-form.tsx'
import { RegistryForm } from './registry-form.tsx'
import { RegistryStatus, RegistryTable, UpstreamTable } from './registry-tables.tsx'

export const metadata: Metadata = { title: 'Import models' }

const because =
  'A registry is connected, what it shows is looked at, models are chosen, and their versions come and stay in step.'
const crumbs = [{ href: paths.models(), label: 'Models' }]
const shownMax = 200

export default async function ImportPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const { registry: id } = await readQuery(searchParams)
  const denied = await refusalOf(ctx, 'registry:read')
  if (denied) return <NoPermission {...denied} />
  return id === undefined ? <Connect ctx={ctx} /> : <Choose ctx={ctx} id={id} />
}

/** The first step: which registry. */
async function Connect({ ctx }: { ctx: Ctx }) {
  const [{ items }, refusal] = await Promise.all([
    listRegistries(ctx, { limit: shownMax }),
    refusalOf(ctx, 'registry:connect'),
  ])
  return (
    <>
      <PageHead title="Import models" crumbs={crumbs} because={because} />
      <Steps />
      <Panel title="Connections" aside={`${items.length} of this workspace`}>
        <RegistryTable rows={items} nowMs={ctx.clock.now().getTime()} />
      </Panel>
      <Panel title="Connect an MLflow server" padded={refusal !== null}>
        {refusal ? (
          <PermissionButton refusal={refusal}>Connect…</PermissionButton>
        ) : (
          <ConnectForm action={connectRegistryAction} />
        )}
      </Panel>
    </>
  )
}

/** The steps that follow: what it shows, which of it shall be here, and how far that is. */
async function Choose({ ctx, id }: { ctx: Ctx; id: string }) {
  const read = await pageRead(Promise.all([readRegistry(ctx, id), listUpstreamModels(ctx, id, { limit: shownMax })]))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const [registry, { items, nextCursor }] = read.value
  const [noChoice, noTest] = await Promise.all([
    refusalOf(ctx, 'registry:choose', {}, can.choose(registry.state)),
    refusalOf(ctx, 'registry:test', {}, can.test(registry.state)),
  ])
  const open = items.some((model) => !model.chosen && !model.gone)
  const table = <UpstreamTable rows={items} state={registry.state} mayChoose={noChoice === null} />
  return (
    <>
      <PageHead
        title={`Import from ${registry.name}`}
        crumbs={[...crumbs, { href: paths.importModels(), label: 'Import' }]}
        status={<RegistryStatus state={registry.state} chip />}
        because={registry.because}
        actions={open ? undefined : <ButtonLink href={paths.models()}>Models</ButtonLink>}
      />
      <Steps registry={registry} models={items} />
      <Panel title="What it shows" aside={<Seen registry={registry} nowMs={ctx.clock.now().getTime()} />}>
        {noChoice || !open ? (
          table
        ) : (
          <RegistryForm
            registryId={registry.id}
            action={chooseModelsAction}
            verb="Import what is ticked"
            kind="primary"
          >
            {table}
          </RegistryForm>
        )}
      </Panel>
      {nextCursor !== null && (
        <p>The first {shownMax} are shown; the API lists and chooses every one of them by name.</p>
      )}
      {noChoice && open && <PermissionButton refusal={noChoice}>Import…</PermissionButton>}{' '}
      {noTest ? (
        <PermissionButton refusal={noTest}>Ask it again</PermissionButton>
      ) : (
        <RegistryForm registryId={registry.id} action={testRegistryAction} verb="Ask it again" />
      )}
    </>
  )
}

function Seen({ registry, nowMs }: { registry: RegistryView; nowMs: number }) {
  const server = registry.serverVersion === null ? '' : `MLflow ${registry.serverVersion}, `
  if (registry.scannedAt === null) return `${server}not read yet`
  return (
    <>
      {server}read <Ago atMs={registry.scannedAt.getTime()} nowMs={nowMs} />
    </>
  )
}

function Steps({ registry, models = [] }: { registry?: RegistryView; models?: readonly UpstreamModelView[] }) {
  const connected = registry !== undefined && registry.state !== 'checking' && registry.state !== 'failing'
  const chosen = registry?.chosen ?? 0
  const wanted = models.filter((model) => model.chosen && !model.gone).reduce((sum, model) => sum + model.versions, 0)
  const isDone = chosen > 0 && registry !== undefined && registry.imported >= wanted && registry.failed === 0
  const done = [connected, connected && registry.scannedAt !== null, chosen > 0, isDone]
  const details = [
    registry === undefined ? 'an MLflow server' : registry.url,
    registry === undefined ? 'what it shows' : `${formatCount(registry.models)} models`,
    chosen === 0 ? 'what shall be here' : `${formatCount(chosen)} chosen`,
    chosen === 0 ? 'versions come' : `${formatCount(registry?.imported ?? 0)} of ${formatCount(wanted)} versions here`,
  ]
  const current = done.indexOf(false)
  const steps = ['Connect', 'Preview', 'Choose', 'Done'].map<Step>((label, index) => ({
    id: label,
    label,
    state: done[index] ? 'done' : index === current ? 'current' : 'todo',
    detail: details[index],
  }))
  return (
    <Panel label="Steps of the import">
      <StepList label="Steps of the import" steps={steps} />
    </Panel>
  )
}
