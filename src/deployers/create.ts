import { type Asking, askingByDefault } from '../generators/probe.ts'
import type { Model } from '../model/index.ts'
import { openLedger } from '../process/ledger.ts'
import type { GpuHosts } from '../telemetry/gpu/watch.ts'
import { type DeployerContext, deployerContext } from './context.ts'
import type { ConfiguredDeployer } from './define-deployer.ts'
import type { Deployer } from './deployer.ts'
import { gpuHosts } from './gpu-hosts.ts'
import { type DeployedVariant, deployerOfVariants } from './variants.ts'

/** What a deployer is made with. */
export interface DeployerOptions {
  readonly model: Model
  /** Logs and engine files go here; nothing is written before the first reconcile. */
  readonly runFolder: string
  /** How the load will ask; streamed chat when absent. */
  readonly ask?: Asking
  /** See {@link DeployerContext.wordPrompts}; false unless given. */
  readonly wordPrompts?: boolean
  /** The variants of the sweep; none unless given. */
  readonly variants?: readonly DeployedVariant[] | undefined
}

/** A deployer, and how the GPUs of what it deployed are looked at. */
export interface CreatedDeployer extends Deployer {
  gpuHosts(): GpuHosts
}

/** Makes a deployer. Its ledger of started processes goes with it when it is closed. */
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
