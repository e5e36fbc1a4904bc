import { Mark } from './status.tsx'

/** A fault was injected on purpose: its label stands on everything that was found while it lasted. */
export function Drill({ label, chip = false, clipped = false }: { label: string; chip?: boolean; clipped?: boolean }) {
  // In a column of a table: its end is dots there, and the whole of it in the tooltip.
  if (clipped) {
    return (
      <span title={drillWords(label)}>
        <Mark glyph="diamond" hue="note">
          drill
        </Mark>
        {`: ${label.replace(/^drill:\s*/i, '')}`}
      </span>
    )
  }
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
