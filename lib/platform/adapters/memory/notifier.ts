import type { NotifierChannel, NotifierMessage, NotifierOutcome, NotifierPort } from '../../ports/notifier.ts'

/** A receiver that exists only in memory: what arrived there, and what it answers next. */
export type MemoryReceiver = {
  arrived: { channel: NotifierChannel; message: NotifierMessage }[]
  /** Taken one a message; an empty list accepts. `lost`: it arrives, and the answer does not. */
  answers: (NotifierOutcome | 'lost' | 'not-reached')[]
}

export function memoryReceiver(): MemoryReceiver {
  return { arrived: [], answers: [] }
}

/** A notifier that delivers into memory, for tests. */
export function memoryNotifier(receiver: MemoryReceiver): NotifierPort {
  const broken = { outcome: 'refused', permanent: false, because: 'the connection broke (ECONNRESET)' } as const
  return {
    deliver: async (channel, message) => {
      const answer = receiver.answers.shift() ?? { outcome: 'accepted', providerId: null }
      if (answer === 'not-reached') return { ...broken, because: 'nobody listens (ECONNREFUSED)' }
      if (answer !== 'lost' && answer.outcome === 'refused') return answer
      receiver.arrived.push({ channel, message })
      return answer === 'lost' ? broken : answer
    },
  }
}
