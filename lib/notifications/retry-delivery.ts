import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can, RetryDeliveryInput } from './model.ts'
import { lockDelivery, reviveDelivery } from './queries-deliveries.ts'

/** Lets a delivery that was given up be tried again, from its first attempt on. @throws `conflict` for any other */
export async function retryDelivery(ctx: Ctx, input: RetryDeliveryInput): Promise<{ deliveryId: string }> {
  const { deliveryId, reason } = parseInput(RetryDeliveryInput, input)
  return mutate(ctx, { action: 'delivery:retry', load: (tx) => load(tx, deliveryId) }, async (tx, delivery) => {
    const may = can.retry(delivery)
    if (!may.allowed) throw problem('conflict', `Not tried again: ${may.because}.`, { state: delivery.state })
    await reviveDelivery(tx, deliveryId, 'It is tried again.', ctx.clock.now())
    return {
      value: { deliveryId },
      audit: {
        before: { state: delivery.state, because: delivery.because },
        after: { state: 'waiting' },
        because: reason,
      },
      wake: ['notifications'],
    }
  })
}

async function load(tx: Tx, deliveryId: string) {
  const subject = await lockDelivery(tx, deliveryId)
  return subject && { subject, resource: { kind: 'delivery', id: subject.id, workspaceId: subject.workspaceId } }
}
