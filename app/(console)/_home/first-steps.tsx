import { CopyButton } from '../../_ui/copy-button.tsx'
import { curlOf } from '../../_ui/curl.ts'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { requireSession } from '../../_server/session.ts'
import s from '../home.module.css'

const steps = [
  {
    title: 'Make an environment',
    text: 'Production is a protected one: nothing serves there without an approval.',
    call: { path: '/environments', body: { name: 'production', protected: true } },
  },
  {
    title: 'Register a model, then a version of it',
    text: 'A version is its digest. Send its evaluation and where it comes from along with it: that is what is decided on.',
    call: { path: '/models', body: { name: 'flight-delay', title: 'Flight delay', risk: 'medium' } },
  },
  {
    title: 'Have it approved by people who did not build it',
    text: 'How many, and on what evidence, stands in a policy file that changes by review. Ask on the page of the version.',
  },
  {
    title: 'Deploy it, then roll the next ones out step by step',
    text: 'Each step is judged against the stable version on the same traffic, and can be taken back at any time.',
  },
]

/** Home of a workspace in which nothing is yet. */
export async function FirstSteps() {
  const { ctx, workspace } = await requireSession()
  return (
    <>
      <PageHead
        title="Nothing runs here yet"
        because="This workspace has no model and no endpoint. When it has, this page shows what needs you now, the health of every endpoint, and what changed today."
      />
      <Panel title="First steps">
        <ol className={s.steps}>
          {steps.map(({ title, text, call }, index) => (
            <li key={title}>
              <span className={s.number} aria-hidden="true">
                {index + 1}
              </span>
              <div>
                <h3>{title}</h3>
                <p>{text}</p>
                {call && (
                  <CopyButton
                    text={curlOf({ origin: ctx.config.origin, workspace: workspace.name, method: 'POST', ...call })}
                  >
                    Copy as curl
                  </CopyButton>
                )}
              </div>
            </li>
          ))}
        </ol>
      </Panel>
    </>
  )
}
