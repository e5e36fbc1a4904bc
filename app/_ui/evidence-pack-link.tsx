import { paths } from '../paths.ts'
import s from './button.module.css'

/** Downloads the evidence pack of a version, an approval, a rollout or an incident. A file, so never a `Link`. */
export function EvidencePackLink({ id }: { id: string }) {
  return (
    <a href={paths.evidencePack(id)} className={s.button} data-kind="default" download>
      Evidence pack
    </a>
  )
}
