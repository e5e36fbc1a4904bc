import type { EntryView } from '#lib/audit/entries.ts'
import type { Glyph, Hue } from '../../_ui/status.tsx'

/** What came of an act: it happened, it was refused, or something was found. */
export const outcomeMarks: Record<EntryView['outcome'], { glyph: Glyph; hue: Hue; word: string }> = {
  done: { glyph: 'check', hue: 'ok', word: 'Done' },
  denied: { glyph: 'cross', hue: 'bad', word: 'Denied' },
  found: { glyph: 'triangle', hue: 'warn', word: 'Found' },
}
