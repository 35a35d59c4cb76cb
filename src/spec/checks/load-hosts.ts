import { isLoopbackHost } from '../../model/index.ts'
import type { Check } from './check.ts'

/**
 * Warns of hosts for the load where the endpoint is on this machine's loopback. Only a run knows whether a host is this
 * machine under another name; it refuses one that isn't.
 */
export const checkLoadHosts: Check = ({ generator, capabilities }, { warn }) => {
  const remote = generator.shards?.hosts.find(host => !isLoopbackHost(host))
  if (remote === undefined || !capabilities.endpointIsLocal) return
  warn(
    { kind: 'sweep', path: ['generator', 'shards', 'hosts'] },
    `the endpoint is on this machine’s loopback address, which ${remote} cannot reach`,
    'write deploy: { with: attach, url: … } with an address that the hosts reach, or remove hosts',
  )
}
