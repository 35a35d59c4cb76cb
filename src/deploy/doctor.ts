import type { Check, MachineNeeds } from './doctor/check.ts'
import { checkDynamo } from './doctor/dynamo.ts'
import { checkDynamoServe } from './doctor/dynamo-serve.ts'
import { checkEndpoint } from './doctor/endpoint.ts'
import { checkGenerator } from './doctor/generator.ts'
import { checkHost } from './doctor/host.ts'
import { checkKubernetes } from './doctor/kubernetes.ts'

export type { Check, MachineNeeds } from './doctor/check.ts'

/** Checks this machine against what a sweep needs; with null, only what every sweep needs. Starts no worker. */
export async function examineMachine(needs: MachineNeeds | null): Promise<readonly Check[]> {
  const host = checkHost(needs?.concurrency ?? 1)
  if (needs === null) return host
  const { deploy } = needs
  const parts = await Promise.all([
    host,
    deploy.with === 'dynamo' ? checkDynamo(deploy, needs.model) : [],
    deploy.with === 'dynamo-serve' ? checkDynamoServe(deploy) : [],
    deploy.with === 'kubernetes' ? checkKubernetes(deploy) : [],
    deploy.with === 'attach' ? checkEndpoint(deploy, needs.model) : [],
    checkGenerator(needs.generator, needs.command),
  ])
  return parts.flat()
}
