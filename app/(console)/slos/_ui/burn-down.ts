import type { BurnDownPoint } from '#lib/slos/model.ts'
import { prepareChart } from '../../../_ui/chart/prepare.ts'
import type { ChartModel } from '../../../_ui/chart/model.ts'

/** What is left of the budget, and what spent it, over the objective's window; null without two points. */
export function burnDownCharts(points: readonly BurnDownPoint[]): ChartModel[] {
  const [first, second] = points
  if (!first || !second) return []
  const grid = { startMs: first.at.getTime(), stepMs: second.at.getTime() - first.at.getTime() }
  return [
    prepareChart({
      ...grid,
      id: 'budget-left',
      title: 'Error budget left',
      unit: '%',
      digits: 1,
      series: [
        {
          id: 'left',
          label: 'left',
          role: 'candidate',
          values: points.map((p) => (p.left === null ? null : p.left * 100)),
        },
      ],
      thresholds: [{ value: 0, label: 'spent', breach: 'below' }],
    }),
    prepareChart({
      ...grid,
      id: 'bad-requests',
      title: 'Requests that spent it',
      unit: 'requests',
      digits: 0,
      shape: 'bars',
      series: [{ id: 'bad', label: 'bad', values: points.map((p) => (p.total === 0 ? null : p.total - p.good)) }],
    }),
  ]
}
