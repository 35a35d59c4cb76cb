import type { ProcessLedger } from '../../process/ledger.ts'
import type { DynamoConfig, SlurmConfig } from '../config.ts'
import { type Nodes, thisMachine } from './nodes.ts'
import { slurmNodes } from './slurm-nodes.ts'
import { sshNodes } from './ssh-nodes.ts'

/** Loopback unless told otherwise: nothing listens where others could reach it. */
const headUnlessTold = '127.0.0.1'

/** The machines of a deployer, given its namespace and where it keeps logs. */
export type NodesOf = (namespace: string, logFolder: string) => Nodes

/** The machines that a configuration names: an allocation of Slurm, nodes over ssh, or this machine. */
export function nodesOf(config: DynamoConfig | SlurmConfig, ledger: ProcessLedger): NodesOf {
  return (namespace, logFolder) => {
    const shared = { namespace, logFolder, ledger }
    if (config.with === 'slurm') {
      return slurmNodes({ ...shared, config, head: config.dynamo.head ?? headUnlessTold })
    }
    if (config.nodes === undefined) return thisMachine(config, namespace)
    const container = config.container ?? null
    return sshNodes({ ...shared, nodes: config.nodes, head: config.head ?? headUnlessTold, container })
  }
}
