import { type Asking, askingByDefault } from '../generators/probe.ts'
import type { Model } from '../model/index.ts'
import { openLedger } from '../process/ledger.ts'
import type { GpuHosts } from '../telemetry/gpu/hosts.ts'
import { type DeployerContext, deployerContext } from './context.ts'
import type { ConfiguredDeployer } from './define-deployer.ts'
import type { Deployer } from './deployer.ts'
import { gpuHosts } from './gpu-hosts.ts'
import { type DeployedVariant, deployerOfVariants } from './variants.ts'

/** Options of a new deployer. */
export interface DeployerOptions {
  readonly model: Model
  /** Folder of logs and engine files. Nothing is written before the first reconcile. */
  readonly runFolder: string
  /** How the load sends requests; default: streamed chat. */
  readonly ask?: Asking
  /** See {@link DeployerContext.wordPrompts}; default: false. */
  readonly wordPrompts?: boolean
  /** The variants of the sweep; default: none. */
  readonly variants?: readonly DeployedVariant[] | undefined
}

/** A deployer, and access to the hosts of its GPUs. */
export interface CreatedDeployer extends Deployer {
  gpuHosts(): GpuHosts
}

/** Creates a deployer. Closing it also closes its ledger of started processes. */
export async function createDeployer(deploy: ConfiguredDeployer, options: DeployerOptions): Promise<CreatedDeployer> {
  const { model, runFolder, ask = askingByDefault, wordPrompts = false, variants } = options
  const ledger = await openLedger({ runFolder })
  const contextFor = ({ name }: Model) => deployerContext({ model: name, runFolder, ledger, ask, wordPrompts })
  const made =
    variants === undefined
      ? deploy.create(contextFor(model))
      : deployerOfVariants(variants, (variant, configOf) => variant.deploy.create(contextFor(variant.model), configOf))
  return {
    ...made,
    gpuHosts: () => gpuHosts(made.gpuPlaces?.() ?? { holders: [], hosts: [null] }, runFolder, ledger),
    close: async () => {
      await made.close()
      ledger.close()
    },
  }
}
