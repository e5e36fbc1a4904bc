import type { ReactNode } from 'react'
import type { VersionView } from '#lib/models/model.ts'
import { Unknown } from '../../_ui/key-value.tsx'
import { shortDigest } from '../../_ui/format.ts'
import s from './models.module.css'

const featuresShownMax = 40

/** Where a version comes from; what nobody said is unknown. */
export function lineageItems({ lineage, createdBy }: VersionView): { label: string; value: ReactNode }[] {
  const unsaid = <Unknown because="not submitted with the version" />
  return [
    { label: 'Submitted by', value: createdBy.name },
    { label: 'Run', value: lineage.run ?? unsaid },
    { label: 'Code', value: lineage.code ?? unsaid },
    { label: 'Parent', value: lineage.parent ?? unsaid },
    {
      label: 'Data',
      value:
        lineage.datasets.length === 0
          ? unsaid
          : lineage.datasets.map(({ name, digest }) => (
              <div key={name}>
                {name} {digest !== undefined && <code title={digest}>{shortDigest(digest)}</code>}
              </div>
            )),
    },
    {
      label: 'Features',
      value: lineage.features.length === 0 ? unsaid : <Features names={lineage.features} />,
    },
  ]
}

function Features({ names }: { names: readonly string[] }) {
  return (
    <span className={s.list}>
      {names.slice(0, featuresShownMax).map((name) => (
        <code key={name}>{name}</code>
      ))}
      {names.length > featuresShownMax && <span className={s.quiet}>and {names.length - featuresShownMax} more</span>}
    </span>
  )
}
