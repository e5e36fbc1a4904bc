import type { Command } from 'commander'
import { withApiOptions, type ApiFlags } from './api-client.ts'
import type { UseGlassFlags } from './run-break-glass.ts'

/** `quarterdeck break-glass`: in an emergency a version serves without approval; afterwards somebody else reviews it. */
export function declareBreakGlass(program: Command): void {
  const glass = program.command('break-glass').description('lets a version serve without approval, in an emergency')
  withApiOptions(
    glass
      .command('use')
      .description('prints the id of the use, until when it clears the version and when its review is due')
      .requiredOption('--version-id <id>', 'the version, mv_…')
      .requiredOption('--environment-id <id>', 'where it is to serve, en_…')
      .option('--incident <id>', 'what it is for, in_…; needed where the policy asks for it')
      .requiredOption('--reason <text>', 'why; recorded and shown wherever the version serves'),
  ).action(async (flags: UseGlassFlags) => {
    const { useGlass } = await import('./run-break-glass.ts')
    await useGlass(flags)
  })
  withApiOptions(glass.command('list').description('the newest uses, one a line')).action(async (flags: ApiFlags) => {
    const { listGlass } = await import('./run-break-glass.ts')
    await listGlass(flags)
  })
  withApiOptions(
    glass
      .command('review')
      .description('reviews a use; not by whoever used it')
      .argument('<id>', 'the use, bg_…')
      .requiredOption('--verdict <word>', 'accepted or objected')
      .requiredOption('--reason <text>', 'why'),
  ).action(async (id: string, flags: ApiFlags & { verdict: string; reason: string }) => {
    const { reviewGlass } = await import('./run-break-glass.ts')
    await reviewGlass(id, flags)
  })
}
