import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { cardBytesMax } from '#lib/models/card-format.ts'
import type { CardRevisionView, CardView } from '#lib/models/model-card.ts'
import { diffCards, listCardRevisions, readCard } from '#lib/models/reads-card.ts'
import { readModel, readVersion } from '#lib/models/reads.ts'
import { refusalOf } from '../../../../../../_server/may.ts'
import { pageRead } from '../../../../../../_server/page-read.ts'
import { readQuery, type SearchParams } from '../../../../../../_server/query.ts'
import { requireCtx } from '../../../../../../_server/session.ts'
import { Hash } from '../../../../../../_ui/hash.tsx'
import { PageHead } from '../../../../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../../../../_ui/panel.tsx'
import { PermissionButton, type Refusal } from '../../../../../../_ui/permission-button.tsx'
import { EmptyState } from '../../../../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../../../../_ui/states/no-permission.tsx'
import { Status } from '../../../../../../_ui/status.tsx'
import { Ago } from '../../../../../../_ui/time.tsx'
import { paths, withQuery } from '../../../../../../paths.ts'
import { editCardAction } from './actions.ts'
import { CardBody } from './card-body.tsx'
import { CardDiff } from './card-diff.tsx'
import { CardForm } from './card-form.tsx'
import { CardState } from './card-panel.tsx'
import { FrontMatter } from './front-matter.tsx'
import s from './card.module.css'

export const metadata: Metadata = { title: 'Model card' }

type Props = { params: Promise<{ modelId: string; versionId: string }>; searchParams: SearchParams }

export default async function CardPage({ params, searchParams }: Props) {
  const ctx = await requireCtx()
  const { modelId, versionId } = await params
  const query = await readQuery(searchParams)
  const read = await pageRead(
    Promise.all([
      readVersion(ctx, versionId),
      readModel(ctx, modelId),
      readCard(ctx, { versionId }),
      listCardRevisions(ctx, { versionId, limit: 20 }),
    ]),
  )
  if (read.refusal) return <NoPermission {...read.refusal} />
  const [version, model, card, { items: revisions }] = read.value
  if (version.modelId !== model.id) notFound()
  const refusal = await refusalOf(ctx, 'card:edit', { labels: model.labels })
  const before = revisions.find((each) => String(each.revision) === query['from'])
  const diff = before && (await diffCards(ctx, { before, after: { versionId } }))
  return (
    <>
      <PageHead
        crumbs={[
          { href: paths.models(), label: 'Models' },
          { href: paths.model(model.id), label: model.name },
          { href: paths.modelVersion(model.id, version.id), label: version.version },
        ]}
        title={`Card of ${model.name} ${version.version}`}
        status={<CardState card={card} />}
        because={card.complete ? undefined : `Missing: ${card.missing.join(', ')}.`}
        actions={
          <a className="text-link" href={paths.cardFile(model.id, version.id)} download="README.md">
            Download README.md
          </a>
        }
      />
      {diff && before && <CardDiff diff={diff} from={`revision ${before.revision}`} to={`revision ${card.revision}`} />}
      <Columns kind="main-side">
        <Main card={card} refusal={refusal} />
        <div>
          <Checks card={card} />
          {card.frontMatter && <FrontMatter values={card.frontMatter} />}
          <Revisions
            revisions={revisions}
            current={card.revision}
            href={(from) => withQuery(paths.card(model.id, version.id), { from })}
            nowMs={ctx.clock.now().getTime()}
          />
        </div>
      </Columns>
    </>
  )
}

function Main({ card, refusal }: { card: CardView; refusal: Refusal | null }) {
  return (
    <div>
      <Panel title="Text" padded>
        {card.text === '' ? (
          <EmptyState icon="book" title="This version has no card yet">
            Import the README.md of its repository below, or write one: what it is for, what it cannot do, and on what
            it was trained.
          </EmptyState>
        ) : (
          <CardBody body={card.body} />
        )}
      </Panel>
      <Panel title="Edit or import" padded>
        {refusal ? (
          <PermissionButton refusal={refusal}>Write a card</PermissionButton>
        ) : (
          <CardForm
            versionId={card.versionId}
            text={card.text}
            digest={card.digest}
            bytesMax={cardBytesMax}
            action={editCardAction}
          />
        )}
      </Panel>
    </div>
  )
}

function Checks({ card }: { card: CardView }) {
  return (
    <Panel title="Completeness" aside={`policy ${card.policy.name}`}>
      <ul className={s.checks}>
        {card.checks.map((check) => (
          <li key={check.name}>
            <Status of={check.ok ? 'pass' : 'fail'}>{check.title}</Status>
            <p>{check.because}</p>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

type RevisionsProps = {
  revisions: readonly CardRevisionView[]
  current: number
  href: (revision: number) => string
  nowMs: number
}

function Revisions({ revisions, current, href, nowMs }: RevisionsProps) {
  return (
    <Panel title="Revisions">
      <ol className={s.checks}>
        {revisions.map((each) => (
          <li key={each.revision}>
            <span>
              Revision {each.revision} <Hash digest={each.digest} copy={false} />
            </span>
            <p>
              {each.because} {each.createdBy.name}, <Ago atMs={each.createdAt.getTime()} nowMs={nowMs} />.{' '}
              {each.revision !== current && (
                <Link className="text-link" href={href(each.revision)} prefetch={false}>
                  What changed since
                </Link>
              )}
            </p>
          </li>
        ))}
      </ol>
    </Panel>
  )
}
