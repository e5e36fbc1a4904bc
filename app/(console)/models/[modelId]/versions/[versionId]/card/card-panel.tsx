import type { CardView } from '#lib/models/model-card.ts'
import { ButtonLink } from '../../../../../../_ui/button-link.tsx'
import { Panel } from '../../../../../../_ui/panel.tsx'
import { Status } from '../../../../../../_ui/status.tsx'
import { paths } from '../../../../../../paths.ts'
import { CardBody } from './card-body.tsx'
import s from './card.module.css'

/** The card on its version's page: whether it is complete, what is missing, and the beginning of what it says. */
export function CardPanel({ card, modelId }: { card: CardView; modelId: string }) {
  return (
    <Panel title="Card" aside={<CardState card={card} />}>
      <div className={s.brief}>
        {!card.complete && <p className={s.missing}>Missing: {card.missing.join(', ')}.</p>}
        {card.text !== '' && (
          <div className={s.window}>
            <CardBody body={card.body} />
          </div>
        )}
        <p>
          <ButtonLink href={paths.card(modelId, card.versionId)}>
            {card.text === '' ? 'Add a card' : `Open the card, revision ${card.revision}`}
          </ButtonLink>
        </p>
      </div>
    </Panel>
  )
}

/** Complete or not, by the card policy. */
export function CardState({ card }: { card: CardView }) {
  if (card.complete) return <Status of="pass">Complete</Status>
  return <Status of="hold">{`${card.missing.length} missing`}</Status>
}
