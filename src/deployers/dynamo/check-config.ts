import { type Arguments, argumentName } from '../../engines/arguments.ts'
import { type Deployment, gpusOf, type Role, roles } from '../../model/index.ts'
import type { DynamoConfig } from '../config.ts'
import { misfitOn } from '../nodes/placement.ts'
import { hostsOf } from '../nodes/ssh-nodes.ts'

/** Worker arguments that Fulcrum gives itself, and why a sweep file may not. */
const workerReserved: { readonly [argument: string]: string } = {
  'disaggregation-mode': 'Fulcrum sets it by role',
  'is-prefill-worker': 'Fulcrum sets the role',
  'is-decode-worker': 'Fulcrum sets the role',
  namespace: 'Fulcrum gives each run one of its own; set DYN_NAMESPACE in env to choose it',
  endpoint: 'Fulcrum recognises a worker’s role by the endpoint that it registers by default',
  'num-workers': 'each worker is a process of its own; write the number into the topology',
}

const frontendReserved: { readonly [argument: string]: string } = {
  'http-port': 'write it as http_port',
  'http-host': 'Fulcrum listens on 127.0.0.1 only',
  namespace: 'Fulcrum gives each run one of its own; set DYN_NAMESPACE in env to choose it',
  'namespace-prefix': 'it would adopt the models of other deployments',
  interactive: 'it waits for a person',
}

/** What is wrong with a Dynamo deployer's own configuration, by the key that it stands under. */
export function checkDynamoConfig(config: DynamoConfig): readonly { readonly key: string; readonly problem: string }[] {
  const refused = (key: string, args: Arguments, reserved: { readonly [argument: string]: string }) =>
    Object.keys(args).flatMap(written => {
      const why = reserved[argumentName(written)]
      return why === undefined
        ? []
        : [{ key: `${key}.${written}`, problem: `'${written}' may not be given here: ${why}` }]
    })
  const forRole = (role: Role) => refused(`role_args.${role}`, config.roleArgs[role] ?? {}, workerReserved)
  return [
    ...refused('args', config.args, workerReserved),
    ...roles.flatMap(forRole),
    ...refused('frontend_args', config.frontendArgs, frontendReserved),
    ...duplicateGpus(config),
  ]
}

function duplicateGpus({ gpus = [] }: DynamoConfig): readonly { readonly key: string; readonly problem: string }[] {
  const twice = gpus.filter((gpu, i) => gpus.indexOf(gpu) !== i)
  return twice.map(gpu => ({ key: 'gpus', problem: `GPU ${gpu} is listed twice` }))
}

/** Why a deployment cannot run under a configuration; null when it can. */
export function checkFits(config: DynamoConfig, deployment: Deployment): string | null {
  if (config.nodes !== undefined) return misfitOn(hostsOf(config.nodes), deployment)
  if (config.gpus === undefined) return null
  const needed = gpusOf(deployment)
  return needed <= config.gpus.length ? null : `it needs ${needed} GPUs, and deploy.gpus lists ${config.gpus.length}`
}
