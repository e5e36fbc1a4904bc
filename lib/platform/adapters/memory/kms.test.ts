import { kmsContract } from '../../ports/kms.contract.ts'
import { memoryKeys, memoryKms } from './kms.ts'

kmsContract('memory', async () => {
  const keys = memoryKeys()
  return Promise.resolve({
    port: memoryKms(keys),
    again: () => memoryKms(keys),
    down: async () => {
      keys.up = false
      await Promise.resolve()
    },
    close: () => Promise.resolve(),
  })
})
