import { Mark } from './status.tsx'

/** A fault was injected on purpose: its label stands on everything that was found while it lasted. */
export function Drill({ label, chip = false }: { label: string; chip?: boolean }) {
  return (
    <Mark glyph="diamond" hue="note" chip={chip}>
      drill: {label}
    </Mark>
  )
}
