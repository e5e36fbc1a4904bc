import type { Command } from 'commander'
import { declareApproval } from './approval.ts'
import { declareAudit } from './audit.ts'
import { declareBreakGlass } from './break-glass.ts'
import { declareCard } from './card.ts'
import { declareCalc } from './calc.ts'
import { declareGate } from './gate.ts'
import { declarePack } from './pack.ts'
import { declareEvidence, declarePolicy } from './evidence.ts'
import { declareKeys } from './keys.ts'
import { declareModel, declareVersion } from './model.ts'
import { declareRegistry } from './registry.ts'
import { declareRoles } from './roles.ts'
import { declareServiceAccount } from './service-account.ts'
import { declareStart } from './start.ts'
import { declareToken } from './token.ts'
import { declareVerify } from './verify.ts'

/**
 * Every command of `quarterdeck`: a file `cli/<command>.ts` each, whose `declare…` names its options. What a command needs
 * is imported when it runs (`await import` in its action), so that starting costs only what is used.
 */
export const declarations: readonly ((program: Command) => void)[] = [
  declareStart,
  declareRoles,
  declareToken,
  declareCalc,
  declareAudit,
  declareVerify,
  declareKeys,
  declareGate,
  declarePack,
  declareModel,
  declareVersion,
  declareCard,
  declareEvidence,
  declareApproval,
  declareRegistry,
  declarePolicy,
  declareBreakGlass,
  declareServiceAccount,
]
