import { showHidden } from '#lib/models/card-render.ts'
import type { CardDiffView } from '#lib/models/model-card.ts'
import { DiffTable } from '../../../../../_diff/diff-table.tsx'
import { Panel } from '../../../../../../_ui/panel.tsx'
import s from './card.module.css'

const around = 3
const linesMax = 2_000

/** What differs between two cards: front matter by field, text by line with three lines around each change. */
export function CardDiff({ diff, from, to }: { diff: CardDiffView; from: string; to: string }) {
  const record = (side: 'before' | 'after') =>
    Object.fromEntries(diff.fields.filter((f) => side in f).map((f) => [f.path, f[side]]))
  const shown = nearChanges(diff.lines).slice(0, linesMax)
  return (
    <Panel title={`From ${from} to ${to}`}>
      <DiffTable
        caption="Front matter that differs"
        before={record('before')}
        after={record('after')}
        empty={<p className={s.same}>The front matter is the same.</p>}
      />
      {shown.length === 0 ? (
        <p className={s.same}>The text is the same, line by line.</p>
      ) : (
        <ol className={s.lines} aria-label="Lines that differ">
          {shown.map((line, index) => (
            <li key={index} data-kind={line.kind}>
              <span className={s.number}>{line.before ?? ''}</span>
              <span className={s.number}>{line.after ?? ''}</span>
              <span className={s.sign}>
                {line.kind === 'same' ? '' : line.kind === 'added' ? '+' : '−'}
                <span className="sr">{line.kind === 'same' ? '' : line.kind}</span>
              </span>
              <bdi>{showHidden(line.text)}</bdi>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

function nearChanges(lines: CardDiffView['lines']): CardDiffView['lines'] {
  const near = new Set<number>()
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'same') continue
    for (let i = index - around; i <= index + around; i++) near.add(i)
  }
  return lines.filter((_, index) => near.has(index))
}
