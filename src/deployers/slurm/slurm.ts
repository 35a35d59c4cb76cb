import type { DeployerParts } from '../context.ts'
import type { Deployer } from '../deployer.ts'
import { dynamoDeployer } from '../dynamo/dynamo.ts'
import { nodesOf } from '../nodes/create.ts'
import type { SlurmConfig } from './config.ts'

/** Dynamo 1.x whose workers are steps of an allocation; NATS, etcd and the frontend run on this machine. */
export function slurmDeployer(config: SlurmConfig, parts: DeployerParts): Deployer {
  const { nodes: _, ...dynamo } = config
  const { head, container } = config
  return dynamoDeployer(dynamo, parts, nodesOf({ head, container, slurm: config }, parts.ledger))
}
