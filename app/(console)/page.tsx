import type { Metadata } from 'next'
import s from './home.module.css'

export const metadata: Metadata = { title: 'Home' }

const steps = [
  {
    title: 'Connect what serves your models',
    text: 'A registry, a cluster and a metrics source. Quarterdeck reads them before it changes anything.',
  },
  {
    title: 'Submit a model version',
    text: 'With its evaluation. What is approved later is its digest, so a changed artefact voids the approval.',
  },
  {
    title: 'Have it approved by people who did not build it',
    text: 'How many, and on what evidence, stands in a policy file that changes by review.',
  },
  {
    title: 'Roll it out step by step',
    text: 'Each step is judged against the stable version on the same traffic, and can be taken back at any time.',
  },
]

export default function HomePage() {
  return (
    <div className={s.page}>
      <h1>Nothing runs here yet</h1>
      <p className={s.lead}>
        This workspace has no model, no endpoint and no data. When it has, this page shows what needs you now, the
        health of every endpoint, and what changed today.
      </p>
      <h2 className={s.title}>First steps</h2>
      <ol className={s.steps}>
        {steps.map((step, index) => (
          <li key={step.title}>
            <span className={s.number} aria-hidden="true">
              {index + 1}
            </span>
            <div>
              <h3>{step.title}</h3>
              <p>{step.text}</p>
            </div>
          </li>
        ))}
      </ol>
    </div>
  )
}
