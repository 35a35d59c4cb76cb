import { type Asking, askingByDefault } from '../generators/probe.ts'
import type { Model } from '../model/index.ts'
import { openLedger } from '../process/ledger.ts'
import { attachDeployer } from './attach/attach.ts'
import type { DeployConfig } from './config.ts'
import type { Deployer } from './deployer.ts'
import { dynamoDeployer } from './dynamo/dynamo.ts'
import { dynamoServeDeployer } from './dynamo-serve/dynamo-serve.ts'
import { kubernetesDeployer } from './kubernetes/kubernetes.ts'
import { nodesOf, serveNodesOf } from './nodes/create.ts'
import { simulatedDeployer } from './simulated/simulated.ts'

export { checkEngineSettings } from '../engines/engine-settings.ts'
export { checkDynamoConfig, checkFits } from './dynamo/check-config.ts'

/** What a deployer needs beside its configuration. */
export interface DeployerContext {
  readonly model: Model
  /** Logs and engine files go here; nothing is written before the first reconcile. */
  readonly runFolder: string
  /** How the load will ask; streamed chat when absent. */
  readonly ask?: Asking
}

/** The deployer that a sweep file names. Its ledger of started processes goes with it when it is closed. */
export async function createDeployer(config: DeployConfig, context: DeployerContext): Promise<Deployer> {
  const { model, runFolder, ask = askingByDefault } = context
  const ledger = await openLedger({ runFolder })
  const deployer = (): Deployer => {
    switch (config.with) {
      case 'simulated':
        return simulatedDeployer(config, { runFolder, ledger })
      case 'dynamo':
        return dynamoDeployer(config, { model: model.name, runFolder, ledger, ask }, nodesOf(config, ledger))
      case 'slurm':
        return dynamoDeployer(config.dynamo, { model: model.name, runFolder, ledger, ask }, nodesOf(config, ledger))
      case 'attach':
        return attachDeployer(config, model.name, ask)
      case 'kubernetes':
        return kubernetesDeployer(config, { model: model.name, runFolder, ask })
      case 'dynamo-serve':
        return dynamoServeDeployer(config, { model: model.name, runFolder, ledger, ask }, serveNodesOf(config, ledger))
    }
  }
  const made = deployer()
  return {
    ...made,
    close: async () => {
      await made.close()
      ledger.close()
    },
  }
}
