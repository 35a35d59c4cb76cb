import type { ProcessLedger } from '../../process/ledger.ts'
import type { DynamoConfig, DynamoServeConfig, SlurmConfig } from '../config.ts'
import { hostsToCome, slurmNodes } from '../slurm/nodes.ts'
import { besideThisMachine, hostsHere, type Nodes, thisMachine } from './nodes.ts'
import type { Host } from './placement.ts'
import { hostsOf, sshNodes } from './ssh-nodes.ts'

/** Loopback unless told otherwise: nothing listens where others could reach it. */
const headUnlessTold = '127.0.0.1'

/** The machines of a deployer, given its namespace and where it keeps logs. */
export type NodesOf = (namespace: string, logFolder: string) => Nodes

/** The machines that a configuration names: an allocation of Slurm, nodes over ssh, or this machine. */
export function nodesOf(config: DynamoConfig | SlurmConfig, ledger: ProcessLedger): NodesOf {
  return (namespace, logFolder) => {
    const shared = { namespace, logFolder, ledger }
    if (config.with === 'slurm') {
      const { head = headUnlessTold, container = null } = config.dynamo
      return slurmNodes({ ...shared, config, container, head })
    }
    if (config.nodes === undefined) return thisMachine(config, namespace)
    const { head = headUnlessTold, container = null } = config
    return sshNodes({ ...shared, nodes: config.nodes, head, container })
  }
}

/** The machines of `dynamo serve`: as above, with this one among them when its GPUs are named. */
export function serveNodesOf(config: DynamoServeConfig, ledger: ProcessLedger): NodesOf {
  return (namespace, logFolder) => {
    const { nodes, slurm, gpus, head = headUnlessTold, container = null } = config
    const shared = { namespace, logFolder, ledger, head, container }
    if (slurm === undefined && nodes === undefined) return thisMachine(config, namespace)
    const others =
      nodes === undefined ? slurm && slurmNodes({ ...shared, config: slurm }) : sshNodes({ ...shared, nodes })
    if (others === undefined) return thisMachine(config, namespace)
    return gpus === undefined ? others : besideThisMachine(others, config, namespace)
  }
}

/** What the workers of `dynamo serve` are placed on, as far as the configuration tells. */
export function serveHosts(config: DynamoServeConfig): readonly Host[] {
  const { nodes, slurm, gpus } = config
  const others = nodes !== undefined ? hostsOf(nodes) : slurm !== undefined ? hostsToCome(slurm) : null
  if (others === null) return hostsHere(config)
  return gpus === undefined ? others : [...hostsHere(config), ...others]
}
