import type { ReactNode } from 'react'
import { paths } from '../paths.ts'
import { Live } from '../_ui/live/live.tsx'
import { Shell } from '../_ui/shell/shell.tsx'

export default function ConsoleLayout({ children }: { children: ReactNode }) {
  return <Shell live={<Live url={paths.liveStream()} />}>{children}</Shell>
}
