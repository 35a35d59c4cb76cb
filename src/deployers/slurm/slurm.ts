import type { Deployment } from '../../model/index.ts'
import type { DeployerOptions } from '../context.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { Deployer } from '../deployer.ts'
import type { DynamoConfig } from '../dynamo/config.ts'
import { dynamoDeployer } from '../dynamo/dynamo.ts'
import { nodesOf } from '../nodes/create.ts'
import type { SlurmConfig } from './config.ts'

/** Dynamo 1.x with workers as steps of an allocation; NATS, etcd and the frontend run on this machine. */
export function slurmDeployer(
  config: SlurmConfig,
  options: DeployerOptions & Partial<ConfigOf<SlurmConfig>>,
): Deployer {
  const processes = ({ nodes: _, ...dynamo }: SlurmConfig): DynamoConfig => dynamo
  const { head, container } = config
  const configOf = (wanted: Deployment) => processes(options.configOf?.(wanted) ?? config)
  return dynamoDeployer(
    processes(config),
    { ...options, configOf },
    nodesOf({ head, container, slurm: config }, options.ledger),
  )
}
