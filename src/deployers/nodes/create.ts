import type { ProcessLedger } from '../../process/ledger.ts'
import type { AllocationConfig } from '../slurm/keys.ts'
import { hostsToCome, slurmNodes } from '../slurm/nodes.ts'
import { type RuntimeConfig, type SshConfig, type SshNodeConfig, sshNodesOf } from './keys.ts'
import { besideThisMachine, hostsHere, type Nodes, thisMachine } from './nodes.ts'
import type { Host } from './placement.ts'
import { hostsOf, sshNodes } from './ssh-nodes.ts'

/** Loopback unless told otherwise: nothing listens where others could reach it. */
export const headUnlessTold = '127.0.0.1'

/** The machines of a deployer, given its namespace and where it keeps logs. */
export type NodesOf = (namespace: string, logFolder: string) => Nodes

/** What a configuration says of where workers run. */
export interface Whereabouts {
  /** GPU indices of this machine. */
  readonly gpus?: readonly number[] | undefined
  /** Nodes over ssh, and how ssh is called. */
  readonly nodes?: readonly SshNodeConfig[] | undefined
  readonly ssh?: SshConfig | undefined
  /** An allocation of Slurm; never together with `nodes`. */
  readonly slurm?: AllocationConfig | undefined
  /** Address of this machine that the nodes reach. */
  readonly head?: string | undefined
  readonly container?: RuntimeConfig | undefined
}

/**
 * The machines that a configuration names: an allocation of Slurm, nodes over ssh, or this machine; this machine beside
 * the others when its GPUs are named.
 */
export function nodesOf(config: Whereabouts, ledger: ProcessLedger): NodesOf {
  return (namespace, logFolder) => {
    const { slurm, gpus, head = headUnlessTold, container = null } = config
    const nodes = sshNodesOf(config)
    const shared = { namespace, logFolder, ledger, head, container }
    if (nodes === null && slurm === undefined) return thisMachine(config, namespace)
    const others = nodes === null ? slurm && slurmNodes({ ...shared, config: slurm }) : sshNodes({ ...shared, nodes })
    if (others === undefined) return thisMachine(config, namespace)
    return gpus === undefined ? others : besideThisMachine(others, config, namespace)
  }
}

/** What workers are placed on, as far as the configuration tells. */
export function namedHosts(config: Whereabouts): readonly Host[] {
  const nodes = sshNodesOf(config)
  const { slurm, gpus } = config
  const others = nodes !== null ? hostsOf(nodes) : slurm !== undefined ? hostsToCome(slurm) : null
  if (others === null) return hostsHere(config)
  return gpus === undefined ? others : [...hostsHere(config), ...others]
}
