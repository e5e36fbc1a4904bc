'use client'
import { useRef, useState } from 'react'
import { formatDuration, formatNumber } from '../format.ts'
import { chartCsv, tableRows } from './export.ts'
import type { ChartModel } from './model.ts'
import s from './chart.module.css'

/** The same numbers as a table, a CSV file and a picture. Rows exist only while it is open. */
export function ChartData({ chart }: { chart: ChartModel }) {
  const [open, setOpen] = useState(false)
  const details = useRef<HTMLDetailsElement>(null)
  const savePicture = async () => {
    const figure = details.current?.closest('figure')
    if (!figure) return
    const { chartPng } = await import('./png.ts')
    save(await chartPng(chart, figure), `${chart.id}.png`)
  }
  return (
    <details ref={details} className={s.data} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Data
        {chart.merged > 1 && <span> · each point is the mean of {chart.merged}, the band their range</span>}
      </summary>
      {open && (
        <>
          <p className={s.actions}>
            <button
              type="button"
              onClick={() => save(new Blob([chartCsv(chart)], { type: 'text/csv' }), `${chart.id}.csv`)}
            >
              Save CSV
            </button>
            <button type="button" onClick={() => void savePicture()}>
              Save PNG
            </button>
          </p>
          <DataRows chart={chart} />
        </>
      )}
    </details>
  )
}

function DataRows({ chart }: { chart: ChartModel }) {
  const unit = chart.unit ? `, ${chart.unit}` : ''
  const rows = tableRows(chart)
  const every = formatDuration(chart.stepMs * ((rows[1]?.index ?? 1) - (rows[0]?.index ?? 0)))
  return (
    <table>
      <caption>
        {chart.title}
        {unit}, every {every}
      </caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {chart.series.map((one) => (
            <th key={one.id} scope="col">
              {one.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ index, label }) => (
          <tr key={index}>
            <th scope="row">{label}</th>
            {chart.series.map((one) => {
              const value = one.values[index] ?? null
              return <td key={one.id}>{value === null ? 'no data' : formatNumber(value, '', chart.digits)}</td>
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
