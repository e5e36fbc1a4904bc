import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Which addresses of the outside may be reached by what people configure (webhooks, mail servers). */
export type AddressRules = {
  /** Only where the whole installation is on this machine. */
  loopback: boolean
  /** Hosts or addresses that are allowed although they are of a kind that is not. */
  allow: readonly string[]
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

// Link-local holds the metadata services of the clouds (169.254.169.254, fd00:ec2::254, Alibaba's 100.100.100.200, Azure's
// 168.63.129.16), which hand out credentials to whoever asks. NAT64 and 6to4 would reach them by another name.
const never = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 3],
] as const)
  never.addSubnet(net, bits)
for (const each of ['100.100.100.200', '168.63.129.16']) never.addAddress(each)
for (const [net, bits] of [
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
] as const)
  never.addSubnet(net, bits, 'ipv6')
for (const each of ['::', 'fd00:ec2::254', 'fd20:ce::254']) never.addAddress(each, 'ipv6')

/** Why an address may not be reached, or undefined when it may. `host` is the name that led to it. */
export function whyNotReachable(rules: AddressRules, host: string, address: string): string | undefined {
  if (rules.allow.includes(host) || rules.allow.includes(address)) return undefined
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (never.check(address, family)) return `${host} is ${address}, a link-local or metadata address that is not reached`
  if (!rules.loopback && loopback.check(address, family))
    return `${host} is ${address}, this machine itself, which is reached only by an installation that is all on it`
  return undefined
}

/**
 * A `lookup` for sockets that lets through only addresses which may be reached: judged at the moment of connecting, so a
 * name that answers otherwise the second time gains nothing. An address instead of a name passes no lookup: ask
 * `whyNotReachable` for it first.
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      const refused = addresses.flatMap(({ address }) => whyNotReachable(rules, host, address) ?? [])
      if (refused.length > 0) return callback(Object.assign(new Error(refused[0]), { code: 'EREFUSEDHERE' }), '')
      const [first] = addresses
      if (options.all) return callback(null, addresses)
      return first ? callback(null, first.address, first.family) : callback(new Error(`${host} has no address`), '')
    })
  }
}
