import { join, resolve } from 'node:path'
import type { ProcessLedger } from '../process/ledger.ts'
import type { DeployerOptions } from './context.ts'
import { type Infrastructure, type InfrastructureConfig, openInfrastructure } from './infrastructure.ts'
import type { NodesOf } from './nodes/create.ts'
import type { Nodes } from './nodes/nodes.ts'

/** Folders and machines of a system whose processes Fulcrum starts itself. */
export interface Premises {
  readonly logFolder: string
  /** Folder for engine files and copies of configurations. */
  readonly fileFolder: string
  readonly nodes: Nodes
  readonly ledger: ProcessLedger
}

/** @param namespace separates the deployment from others */
export function premisesOf({ runFolder, ledger }: DeployerOptions, namespace: string, nodesOf: NodesOf): Premises {
  const folder = resolve(runFolder, 'deploy')
  const logFolder = join(folder, 'logs')
  const nodes = nodesOf(namespace, logFolder)
  return { logFolder, fileFolder: nodes.fileFolder ?? folder, nodes, ledger }
}

/** NATS and etcd, and the setup that a deployer derives from their addresses. */
export interface OpenedSetup<Setup> {
  /**
   * Opens the infrastructure once, and repairs parts that have died.
   * @returns whether discovery was lost, so that every process must be restarted
   */
  open(signal: AbortSignal): Promise<boolean>
  /** @throws Error before {@link open} and after {@link close} */
  setup(): Setup
  infrastructure(): Infrastructure | null
  /** Safe to call twice. */
  close(): Promise<void>
}

/** @param setupOn builds the setup once NATS and etcd respond; if it fails, both are stopped */
export function setupOnInfrastructure<Setup>(
  config: InfrastructureConfig,
  { logFolder, ledger }: Pick<Premises, 'logFolder' | 'ledger'>,
  setupOn: (urls: Pick<Infrastructure, 'natsUrl' | 'etcdUrl'>, signal: AbortSignal) => Promise<Setup>,
): OpenedSetup<Setup> {
  let opened: { readonly setup: Setup; readonly infrastructure: Infrastructure } | null = null

  async function openBoth(signal: AbortSignal) {
    const infrastructure = await openInfrastructure(config, { logFolder, ledger }, signal)
    try {
      const { natsUrl, etcdUrl } = infrastructure
      return { setup: await setupOn({ natsUrl, etcdUrl }, signal), infrastructure }
    } catch (error) {
      await infrastructure.close()
      throw error
    }
  }

  return {
    open: async signal => {
      opened ??= await openBoth(signal)
      return (await opened.infrastructure.repair(signal)).discoveryLost
    },
    setup: () => {
      if (opened === null) throw new Error('the infrastructure is not open')
      return opened.setup
    },
    infrastructure: () => opened?.infrastructure ?? null,
    close: async () => {
      await opened?.infrastructure.close()
      opened = null
    },
  }
}
