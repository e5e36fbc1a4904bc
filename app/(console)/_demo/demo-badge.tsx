import { readDemo } from '#lib/demo/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { refusalOf } from '../../_server/may.ts'
import { Icon } from '../../_ui/icon.tsx'
import { KeyValue, Unknown } from '../../_ui/key-value.tsx'
import { PermissionButton } from '../../_ui/permission-button.tsx'
import { Ago } from '../../_ui/time.tsx'
import { control } from './actions.ts'
import { DemoControls } from './demo-controls.tsx'
import s from './demo.module.css'

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
        <span className={s.label}>{drill ? `drill: ${drill.label}` : demo.paused ? 'demo, paused' : 'demo'}</span>
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
      </dialog>
    </>
  )
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
