import { renderCard } from '#lib/models/card-render.ts'
import s from './card.module.css'

/** The card's Markdown. What renders it lets through no markup of the writer's, no pictures and only links that are safe. */
export function CardBody({ body }: { body: string }) {
  return <div className={s.body} dangerouslySetInnerHTML={{ __html: renderCard(body) }} />
}
