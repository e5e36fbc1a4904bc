import Link from 'next/link'
import type { ModelView, VersionView } from '#lib/models/model.ts'
import { paths } from '../../../paths.ts'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { lineageItems } from '../lineage.tsx'
import s from '../models.module.css'

export type ModelFactsProps = {
  model: ModelView & { aliases: readonly { alias: string; versionId: string; updatedAt: Date }[] }
  newest: VersionView | undefined
  versions: readonly VersionView[]
  nowMs: number
}

/** What a model is, its aliases, and where its newest version comes from. */
export function ModelFacts({ model, newest, versions, nowMs }: ModelFactsProps) {
  return (
    <div>
      <Panel title="Model" padded>
        <KeyValue
          items={[
            { label: 'Title', value: model.title },
            { label: 'Risk', value: model.risk },
            { label: 'Labels', value: model.labels.length > 0 ? <Words words={model.labels} /> : 'none' },
            { label: 'Registered', value: <Ago atMs={model.createdAt.getTime()} nowMs={nowMs} /> },
            { label: 'Id', value: <code>{model.id}</code> },
          ]}
        />
      </Panel>
      <Panel title="Aliases" padded>
        {model.aliases.length === 0 ? (
          <p className={s.quiet}>None. The worker sets @champion when a version serves.</p>
        ) : (
          <KeyValue
            items={model.aliases.map(({ alias, versionId, updatedAt }) => ({
              label: `@${alias}`,
              value: (
                <>
                  <Link className="text-link" href={paths.modelVersion(model.id, versionId)} prefetch={false}>
                    {versions.find((v) => v.id === versionId)?.version ?? versionId}
                  </Link>{' '}
                  <span className={s.quiet}>
                    <Ago atMs={updatedAt.getTime()} nowMs={nowMs} />
                  </span>
                </>
              ),
            }))}
          />
        )}
      </Panel>
      {newest && (
        <Panel title={`Lineage of ${newest.version}`} padded>
          <KeyValue items={lineageItems(newest)} />
        </Panel>
      )}
    </div>
  )
}

function Words({ words }: { words: readonly string[] }) {
  return (
    <span className={s.list}>
      {words.map((word) => (
        <code key={word}>{word}</code>
      ))}
    </span>
  )
}
