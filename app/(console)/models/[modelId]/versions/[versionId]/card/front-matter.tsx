import type { CardFrontMatter } from '#lib/models/card-format.ts'
import { showHidden } from '#lib/models/card-render.ts'
import { KeyValue } from '../../../../../../_ui/key-value.tsx'
import { Panel } from '../../../../../../_ui/panel.tsx'
import s from './card.module.css'

const charactersMax = 600

/** The metadata of a card by key; what has structure is shown as JSON. */
export function FrontMatter({ values }: { values: CardFrontMatter }) {
  const items = Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
  if (items.length === 0) return null
  return (
    <Panel title="Metadata" padded>
      <KeyValue
        items={items.map(([label, value]) => ({ label, value: <bdi className={s.value}>{shown(value)}</bdi> }))}
      />
    </Panel>
  )
}

function shown(value: unknown): string {
  const isList = Array.isArray(value) && value.every((each) => typeof each !== 'object')
  const text = typeof value === 'string' ? value : isList ? value.join(', ') : JSON.stringify(value, null, 1)
  return showHidden(text.length > charactersMax ? `${text.slice(0, charactersMax)}… (${text.length} characters)` : text)
}
