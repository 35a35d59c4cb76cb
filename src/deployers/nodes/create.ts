import type { ProcessLedger } from '../../process/ledger.ts'
import type { AllocationConfig } from '../slurm/keys.ts'
import { hostsToCome, slurmNodes } from '../slurm/nodes.ts'
import { type RuntimeConfig, type SshConfig, type SshNodeConfig, sshNodesOf } from './keys.ts'
import { besideThisMachine, hostsHere, type Nodes, thisMachine } from './nodes.ts'
import type { Host } from './placement.ts'
import { hostsOf, sshNodes } from './ssh-nodes.ts'

/** Default: loopback, so that nothing listens where others can reach it. */
export const headUnlessTold = '127.0.0.1'

/** Creates a deployer's machines from its namespace and log folder. */
export type NodesOf = (namespace: string, logFolder: string) => Nodes

/** Part of a configuration that determines where workers run. */
export interface Whereabouts {
  /** GPU indices of this machine. */
  readonly gpus?: readonly number[] | undefined
  /** Nodes over ssh, and ssh settings. */
  readonly nodes?: readonly SshNodeConfig[] | undefined
  readonly ssh?: SshConfig | undefined
  /** A Slurm allocation; mutually exclusive with `nodes`. */
  readonly slurm?: AllocationConfig | undefined
  /** Address at which the nodes reach this machine. */
  readonly head?: string | undefined
  readonly container?: RuntimeConfig | undefined
}

/**
 * Machines of a configuration: a Slurm allocation, nodes over ssh, or this machine. If the configuration names GPUs of
 * this machine, it is used in addition to the others.
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

/** Hosts for workers, as far as the configuration determines them. */
export function namedHosts(config: Whereabouts): readonly Host[] {
  const nodes = sshNodesOf(config)
  const { slurm, gpus } = config
  const others = nodes !== null ? hostsOf(nodes) : slurm !== undefined ? hostsToCome(slurm) : null
  if (others === null) return hostsHere(config)
  return gpus === undefined ? others : [...hostsHere(config), ...others]
}
