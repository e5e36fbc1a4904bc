'use client'
import { useActionState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { idle, type Action } from '../../_ui/dialog/action-state.ts'
import { Icon } from '../../_ui/icon.tsx'
import s from './demo.module.css'

export type DemoControlsProps = { paused: boolean; speed: number; control: Action }

const speeds = [0.25, 0.5, 1, 2, 4]

/** Pause, go on, and the pace of the replay. Its process reads the wish within a second. */
export function DemoControls({ paused, speed, control }: DemoControlsProps) {
  const [state, action, pending] = useActionState(control, idle)
  return (
    <>
      <div className={s.controls}>
        <form action={action}>
          <input type="hidden" name="paused" value={paused ? 'no' : 'yes'} />
          <Button type="submit" aria-disabled={pending}>
            <Icon name={paused ? 'play' : 'pause'} size={13} />
            {paused ? 'Go on' : 'Pause'}
          </Button>
        </form>
        <form action={action} className={s.speeds} aria-label="Pace of the replay">
          {speeds.map((each) => (
            <Button
              key={each}
              type="submit"
              name="speed"
              value={String(each)}
              kind={each === speed ? 'default' : 'quiet'}
              aria-pressed={each === speed}
            >
              {each}×
            </Button>
          ))}
        </form>
      </div>
      <output role={state.status === 'failed' ? 'alert' : undefined} className={s.answer}>
        {state.status === 'idle' ? '' : state.message}
      </output>
    </>
  )
}
