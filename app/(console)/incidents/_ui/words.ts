import type { IncidentView, TimelineEvent } from '#lib/incidents/model.ts'
import type { IconName } from '../../../_ui/icon.tsx'
import type { Glyph, Hue, StatusOf } from '../../../_ui/status.tsx'

export const incidentStatus: Record<IncidentView['state'], StatusOf> = {
  open: 'open',
  acknowledged: 'acknowledged',
  mitigated: 'mitigated',
  resolved: 'resolved',
}

export const severityMarks: Record<IncidentView['severity'], { glyph: Glyph; hue: Hue; word: string }> = {
  sev1: { glyph: 'triangle', hue: 'bad', word: 'Sev 1' },
  sev2: { glyph: 'triangle', hue: 'warn', word: 'Sev 2' },
  sev3: { glyph: 'diamond', hue: 'note', word: 'Sev 3' },
}

export const eventMarks: Record<TimelineEvent['kind'], { icon: IconName; hue?: Hue }> = {
  opened: { icon: 'fire', hue: 'bad' },
  fired: { icon: 'alert', hue: 'warn' },
  acknowledged: { icon: 'user', hue: 'info' },
  note: { icon: 'scroll' },
  resolved: { icon: 'check', hue: 'ok' },
  entry: { icon: 'list' },
}
