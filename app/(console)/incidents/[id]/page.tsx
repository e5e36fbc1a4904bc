import type { Metadata } from 'next'
import { readEndpoint } from '#lib/endpoints/reads.ts'
import { readIncident, type IncidentDetail } from '#lib/incidents/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { refusalOf } from '../../../_server/may.ts'
import { stateRefusal } from '../../../_server/refusal.ts'
import { requireCtx } from '../../../_server/session.ts'
import { versionNames } from '../../../_server/version-names.ts'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { Drill } from '../../../_ui/drill.tsx'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { EvidencePackLink } from '../../../_ui/evidence-pack-link.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import type { Refusal } from '../../../_ui/permission-button.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Mark, Status } from '../../../_ui/status.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { Timeline } from '../../../_ui/timeline.tsx'
import { paths } from '../../../paths.ts'
import { acknowledge, note, resolve } from '../actions.ts'
import { NoteForm } from '../_ui/note-form.tsx'
import { eventMarks, incidentStatus, severityMarks } from '../_ui/words.ts'
import s from '../_ui/incidents.module.css'

export const metadata: Metadata = { title: 'Incident' }

export default async function IncidentPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const ctx = await requireCtx()
  const read = await pageRead(readIncident(ctx, id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const names = await namesAt(read.value.endpoint)
  const incident = renamed(read.value, names)
  const nowMs = ctx.clock.now().getTime()
  const [onAcknowledge, onResolve] = await Promise.all([
    refusal(incident.mine.acknowledge, () => refusalOf(ctx, 'incident:acknowledge')),
    refusal(incident.mine.resolve, () => refusalOf(ctx, 'incident:resolve')),
  ])
  const { glyph, hue, word } = severityMarks[incident.severity]
  return (
    <>
      <PageHead
        title={incident.title}
        crumbs={[{ href: paths.incidents(), label: 'Incidents' }]}
        status={
          <>
            <Status of={incidentStatus[incident.state]} chip />
            <Mark glyph={glyph} hue={hue} chip>
              {word}
            </Mark>
            {incident.drill && <Drill label={incident.drill} chip />}
          </>
        }
        actions={
          <>
            <EvidencePackLink id={id} />
            <Actions incident={incident} onAcknowledge={onAcknowledge} onResolve={onResolve} />
          </>
        }
        because={incident.because}
      />
      <Columns kind="main-side">
        <Panel live title="Timeline" aside="newest first">
          {incident.mine.note.allowed && <NoteForm incidentId={id} action={note} />}
          <div className={s.timeline}>
            <Timeline events={incident.timeline.toReversed().map(eventOf)} nowMs={nowMs} />
          </div>
        </Panel>
        <div>
          <Facts incident={incident} nowMs={nowMs} />
          <Changes incident={incident} nowMs={nowMs} />
        </div>
      </Columns>
    </>
  )
}

/** The names of the versions at the endpoint that it is about, by id; none for who may not see the endpoint. */
async function namesAt(endpoint: IncidentDetail['endpoint']): Promise<ReadonlyMap<string, string>> {
  const ctx = await requireCtx()
  const read = endpoint ? await pageRead(readEndpoint(ctx, endpoint.id)) : null
  return read?.value ? versionNames(read.value.modelId) : new Map()
}

/** What the log says of versions by id, by the names that people know. */
function renamed(incident: IncidentDetail, names: ReadonlyMap<string, string>): IncidentDetail {
  const say = (text: string) => text.replaceAll(/mv_[0-9a-z]{26}/g, (id) => names.get(id) ?? id)
  return {
    ...incident,
    because: say(incident.because),
    timeline: incident.timeline.map((event) => ({ ...event, text: say(event.text) })),
    changesBefore: incident.changesBefore.map((change) => ({ ...change, because: say(change.because) })),
  }
}

async function refusal(
  can: { allowed: true } | { allowed: false; because: string },
  access: () => Promise<Refusal | null>,
): Promise<Refusal | null> {
  return can.allowed ? null : ((await access()) ?? stateRefusal(can.because))
}

type ActionsProps = { incident: IncidentDetail; onAcknowledge: Refusal | null; onResolve: Refusal | null }

function Actions({ incident, onAcknowledge, onResolve }: ActionsProps) {
  const fields = { incidentId: incident.id }
  return (
    <>
      <GovernedAction
        opener="Acknowledge…"
        icon="user"
        title="Look after this incident?"
        plan={[
          { what: 'On it', from: incident.acknowledgedBy?.name ?? 'nobody', to: 'you' },
          { what: 'Timeline', to: 'says so' },
        ]}
        verb="Acknowledge"
        action={acknowledge}
        fields={fields}
        reasonLengthMin={null}
        refusal={onAcknowledge}
      />
      <GovernedAction
        opener="Resolve…"
        icon="check"
        kind="primary"
        title="Resolve this incident?"
        plan={[{ what: 'State', from: incident.state, to: 'resolved' }]}
        note="Say what ended it. If the same trouble comes again, a new incident opens."
        verb="Resolve"
        action={resolve}
        fields={fields}
        refusal={onResolve}
      />
    </>
  )
}

function eventOf(event: IncidentDetail['timeline'][number]) {
  return {
    id: event.id,
    atMs: event.at.getTime(),
    ...eventMarks[event.kind],
    text: event.text,
    actor: event.by ?? 'Quarterdeck',
  }
}

function Facts({ incident, nowMs }: { incident: IncidentDetail; nowMs: number }) {
  const { endpoint, rolloutId, acknowledgedAt, acknowledgedBy, resolvedAt, resolvedBy } = incident
  const by = (at: Date, who: string) => (
    <>
      {who}, <Ago atMs={at.getTime()} nowMs={nowMs} />
    </>
  )
  return (
    <Panel title="Facts" padded>
      <KeyValue
        items={[
          { label: 'Opened', value: by(incident.openedAt, incident.openedBy.name) },
          {
            label: 'On it',
            value: acknowledgedAt ? by(acknowledgedAt, acknowledgedBy?.name ?? 'unknown') : 'nobody yet',
          },
          { label: 'Resolved', value: resolvedAt ? by(resolvedAt, resolvedBy?.name ?? 'unknown') : 'not yet' },
          {
            label: 'Endpoint',
            value: endpoint ? (
              <a className="text-link" href={paths.endpoint(endpoint.id)}>
                {endpoint.name}
              </a>
            ) : (
              'none is named'
            ),
          },
          {
            label: 'Rollout',
            value: rolloutId ? (
              <a className="text-link" href={paths.rollout(rolloutId)}>
                the rollout it is about
              </a>
            ) : (
              'none is named'
            ),
          },
        ]}
      />
    </Panel>
  )
}

function Changes({ incident, nowMs }: { incident: IncidentDetail; nowMs: number }) {
  const { changesBefore } = incident
  return (
    <Panel title="What changed in the hour before" aside="newest first">
      {changesBefore.length === 0 ? (
        <EmptyState icon="clock" title="Nothing was changed">
          No act on this endpoint or rollout is in the log for that hour.
        </EmptyState>
      ) : (
        <Timeline
          nowMs={nowMs}
          events={changesBefore
            .toSorted((a, b) => b.at.getTime() - a.at.getTime())
            .map((change) => ({
              id: change.entryId,
              atMs: change.at.getTime(),
              icon: 'list' as const,
              text: `${change.action}${change.resource.name ? ` on ${change.resource.name}` : ''}: ${change.because}`,
              actor: change.by,
            }))}
        />
      )}
    </Panel>
  )
}
