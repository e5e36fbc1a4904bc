import { formatNumber } from './format.ts'
import s from './bin-bars.module.css'

export type Bin = {
  label: string
  /** Shares of their samples, 0 to 1. */
  reference: number
  current: number
  /** The bin's part of the whole statistic. */
  contribution: number
  /** Standardised residual, where it is known: beyond ±3 chance is an unlikely explanation. */
  residual?: number
}

export type BinBarsProps = {
  title: string
  bins: readonly Bin[]
  /** The statistic the contributions add up to, e.g. "PSI". */
  statistic: string
  referenceLabel?: string
  currentLabel?: string
}

/** Reference beside current distribution, bin by bin, with what each bin adds to the statistic; the largest is marked. */
export function BinBars({
  title,
  bins,
  statistic,
  referenceLabel = 'reference',
  currentLabel = 'current',
}: BinBarsProps) {
  const peak = Math.max(1e-12, ...bins.flatMap((bin) => [bin.reference, bin.current]))
  const residuals = bins.some((bin) => bin.residual !== undefined)
  const most = Math.max(0, ...bins.map((bin) => Math.abs(bin.contribution)))
  return (
    <table className={s.bins}>
      <caption>
        {title}
        <span data-series="reference">{referenceLabel}</span>
        <span data-series="current">{currentLabel}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Bin</th>
          <th scope="col">
            <span className="sr">Distribution</span>
          </th>
          <th scope="col">{referenceLabel}, %</th>
          <th scope="col">{currentLabel}, %</th>
          <th scope="col">{statistic} part</th>
          {residuals && <th scope="col">Residual</th>}
        </tr>
      </thead>
      <tbody>
        {bins.map((bin) => (
          <tr key={bin.label} data-most={most > 0 && Math.abs(bin.contribution) === most ? '' : undefined}>
            <th scope="row">{bin.label}</th>
            <td className={s.pair} aria-hidden="true">
              <i data-series="reference" style={{ width: share(bin.reference, peak) }} />
              <i data-series="current" style={{ width: share(bin.current, peak) }} />
            </td>
            <td>{formatNumber(bin.reference * 100, '', 1)}</td>
            <td>{formatNumber(bin.current * 100, '', 1)}</td>
            <td className={s.part}>{formatNumber(bin.contribution, '', 3)}</td>
            {residuals && (
              <td className={s.part}>{bin.residual === undefined ? '' : formatNumber(bin.residual, '', 1)}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function share(value: number, peak: number): string {
  return `${Math.round((value / peak) * 1000) / 10}%`
}
