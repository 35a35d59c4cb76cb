import type { DeployConfig } from './config.ts'
import type { Check, MachineNeeds } from './doctor/check.ts'
import { checkDynamo } from './doctor/dynamo.ts'
import { checkDynamoServe } from './doctor/dynamo-serve.ts'
import { checkEndpoint } from './doctor/endpoint.ts'
import { checkGenerator } from './doctor/generator.ts'
import { checkGpus } from './doctor/gpus.ts'
import { checkHost } from './doctor/host.ts'
import { checkKubernetes } from './doctor/kubernetes.ts'

export type { Check, MachineNeeds } from './doctor/check.ts'

/** Checks this machine against what a sweep needs; with null, only what every sweep needs. Starts no worker. */
export async function examineMachine(needs: MachineNeeds | null): Promise<readonly Check[]> {
  const machine = [checkHost(needs?.concurrency ?? 1), checkGpus(needs === null ? null : gpusHere(needs.deploy))]
  if (needs === null) return (await Promise.all(machine)).flat()
  const { deploy } = needs
  const parts = await Promise.all([
    ...machine,
    deploy.with === 'dynamo' ? checkDynamo(deploy, needs.model) : [],
    deploy.with === 'dynamo-serve' ? checkDynamoServe(deploy) : [],
    deploy.with === 'kubernetes' ? checkKubernetes(deploy) : [],
    deploy.with === 'attach' ? checkEndpoint(deploy, needs.model) : [],
    checkGenerator(needs.generator, needs.command),
  ])
  return parts.flat()
}

/** GPUs of this machine that a deployer hands out to workers; null when it hands out none. */
function gpusHere(deploy: DeployConfig): readonly number[] | null {
  if (deploy.with === 'dynamo-serve') return deploy.gpus ?? null
  return deploy.with === 'dynamo' && deploy.nodes === undefined ? (deploy.gpus ?? null) : null
}
