import { readDemo } from '#lib/demo/reads.ts'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { listRollouts } from '#lib/rollouts/reads.ts'
import { refusalOf } from '../../_server/may.ts'
import type { PlanLine } from '../../_ui/dialog/confirm-dialog.tsx'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import { drillWords } from '../../_ui/drill.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { KeyValue, Unknown } from '../../_ui/key-value.tsx'
import { PermissionButton } from '../../_ui/permission-button.tsx'
import { Ago } from '../../_ui/time.tsx'
import { control, remove } from './actions.ts'
import { DemoControls } from './demo-controls.tsx'
import s from './demo.module.css'

/** More are not listed in a plan. */
const thingsMax = 200

type Demo = NonNullable<Awaited<ReturnType<typeof readDemo>>>

/**
 * Says on every page that the data is a demonstration's, and when a fault was injected on purpose, which; opens its
 * controls. Nothing in a workspace without a demonstration.
 */
export async function DemoBadge({ ctx }: { ctx: Ctx }) {
  const demo = await readable(ctx)
  if (demo === null) return null
  const refusal = await refusalOf(ctx, 'demo:control', {}, demo.mine.control)
  const { drill } = demo
  return (
    <>
      <button type="button" className={s.badge} popoverTarget="demo-card">
        <Icon name={drill ? 'alert' : demo.paused ? 'pause' : 'flow'} size={12} />
        <span className={s.label}>{drill ? drillWords(drill.label) : demo.paused ? 'demo, paused' : 'demo'}</span>
      </button>
      <dialog id="demo-card" popover="auto" className={s.card} aria-labelledby="demo-title">
        <h2 id="demo-title">Demonstration</h2>
        <p className={s.doing}>{demo.doing}</p>
        <Facts demo={demo} nowMs={ctx.clock.now().getTime()} />
        {refusal ? (
          <div className={s.controls}>
            <PermissionButton refusal={refusal}>{demo.paused ? 'Go on' : 'Pause'}</PermissionButton>
          </div>
        ) : (
          <DemoControls paused={demo.paused} speed={demo.speed} control={control} />
        )}
        <div className={s.remove}>
          <Remove ctx={ctx} demo={demo} />
        </div>
      </dialog>
    </>
  )
}

async function Remove({ ctx, demo }: { ctx: Ctx; demo: Demo }) {
  const refusal = await refusalOf(ctx, 'demo:control', {}, demo.mine.remove)
  return (
    <GovernedAction
      opener="Remove the demonstration…"
      kind="danger"
      title="Remove the demonstration for good?"
      plan={refusal ? [] : await removalPlan(ctx)}
      note="It cannot be brought back here. Nothing that was recorded is deleted: the log says who removed it and why."
      verb="Remove the demonstration"
      action={remove}
      refusal={refusal}
    />
  )
}

async function removalPlan(ctx: Ctx): Promise<PlanLine[]> {
  const [endpoints, rollouts] = await Promise.all([
    listEndpoints(ctx, { limit: thingsMax }),
    listRollouts(ctx, { active: true, limit: thingsMax }),
  ])
  return [
    { what: 'Replay', to: 'stops' },
    { what: 'Rollouts under way', from: String(rollouts.items.length), to: 'end where they stand' },
    ...endpoints.items.map(({ name }) => ({ what: `Endpoint ${name}`, to: 'retired, with its traffic and servers' })),
    { what: 'Roles of the personas here', to: 'taken back, so the workspace leaves their list' },
    { what: 'Log and figures', to: 'kept' },
  ]
}

async function readable(ctx: Ctx): Promise<Demo | null> {
  try {
    return await readDemo(ctx)
  } catch (error) {
    if (isProblem(error, 'forbidden')) return null
    throw error
  }
}

function Facts({ demo, nowMs }: { demo: Demo; nowMs: number }) {
  const { drill, removed } = demo
  return (
    <KeyValue
      items={[
        { label: 'Phase', value: demo.phase },
        { label: 'Replayed day', value: demo.eventDay ?? <Unknown because="the replay has not begun" /> },
        { label: 'Next', value: demo.next === '' ? 'nothing more' : demo.next },
        {
          label: 'Drill',
          value: drill ? (
            <>
              {drill.label}, since <Ago atMs={drill.since.getTime()} nowMs={nowMs} />
            </>
          ) : (
            'none is on'
          ),
        },
        { label: 'Pace', value: demo.paused ? `paused, at ${demo.speed}×` : `${demo.speed}×` },
        ...(removed ? [{ label: 'Removed', value: `by ${removed.by}: ${removed.reason}` }] : []),
      ]}
    />
  )
}
