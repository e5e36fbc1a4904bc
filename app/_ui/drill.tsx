import { Mark } from './status.tsx'

/** A fault was injected on purpose: its label stands on everything that was found while it lasted. */
export function Drill({ label, chip = false }: { label: string; chip?: boolean }) {
  return (
    <Mark glyph="diamond" hue="note" chip={chip}>
      {drillWords(label)}
    </Mark>
  )
}

/** `drill: broken feed`, however the label begins. */
export function drillWords(label: string): string {
  return `drill: ${label.replace(/^drill:\s*/i, '')}`
}
