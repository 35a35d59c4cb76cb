import { type Arguments, argumentName, mergeArguments } from '../../engines/arguments.ts'
import { roles } from '../../model/index.ts'
import { type Path, quoted } from '../../yaml/problem.ts'
import { lookUp, type SectionContext } from '../../yaml/section-context.ts'
import type { DeployProblem } from '../capabilities.ts'
import type { DynamoConfig } from './config.ts'

/** Worker arguments that Fulcrum sets itself, and why a sweep file must not set them. */
const workerReserved: { readonly [argument: string]: string } = {
  'disaggregation-mode': 'Fulcrum sets it by role',
  'is-prefill-worker': 'Fulcrum sets the role',
  'is-decode-worker': 'Fulcrum sets the role',
  namespace: 'Fulcrum gives each run its own namespace; set DYN_NAMESPACE in env to choose one',
  endpoint: 'Fulcrum recognizes a worker’s role by the endpoint that it registers by default',
  'num-workers': 'each worker is its own process; write the number in the topology',
}

const frontendReserved: { readonly [argument: string]: string } = {
  'http-port': 'write it as http_port',
  'http-host': 'Fulcrum listens on 127.0.0.1 only',
  namespace: 'Fulcrum gives each run its own namespace; set DYN_NAMESPACE in env to choose one',
  'namespace-prefix': 'it would adopt the models of other deployments',
  interactive: 'it waits for input',
}

/** Problems of a configuration's arguments and GPUs. */
export function checkDynamoConfig(
  config: Pick<DynamoConfig, 'args' | 'role_args' | 'frontend_args'> & {
    readonly gpus?: readonly number[] | undefined
    readonly env?: DynamoConfig['env']
  },
): readonly DeployProblem[] {
  const refused = (
    path: Path,
    args: Arguments,
    reserved: { readonly [argument: string]: string },
  ): readonly DeployProblem[] =>
    Object.keys(args).flatMap(written => {
      const why = reserved[argumentName(written)]
      if (why === undefined) return []
      return [{ path: [...path, written], wrong: `'${written}' is not allowed here: ${why}`, remedy: 'remove it' }]
    })
  const { gpus = [] } = config
  const twice = gpus.filter((gpu, i) => gpus.indexOf(gpu) !== i)
  return [
    ...refused(['args'], config.args, workerReserved),
    ...roles.flatMap(role => refused(['role_args', role], config.role_args[role] ?? {}, workerReserved)),
    ...refused(['frontend_args'], config.frontend_args, frontendReserved),
    ...differentPlanes(config),
    ...twice.map(gpu => ({ path: ['gpus'], wrong: `GPU ${gpu} is listed twice`, remedy: 'remove it' })),
  ]
}

/** Default of `--response-plane`. */
const usualPlane = 'tcp'

/**
 * Answers use a single transport. A frontend that listens on a different one than its workers send on never receives
 * them.
 */
function differentPlanes({
  args,
  role_args,
  frontend_args,
  env = {},
}: Pick<DynamoConfig, 'args' | 'role_args' | 'frontend_args'> & {
  readonly env?: DynamoConfig['env']
}): readonly DeployProblem[] {
  const usual = env.DYN_RESPONSE_PLANE ?? usualPlane
  const plane = 'response-plane'
  const frontend = mergeArguments(frontend_args)[plane]
  const workers = roles.map(role => mergeArguments(args, role_args[role])[plane])
  // Dynamo's default and a value from a shared variable apply to both sides.
  const other = workers.map(worker => worker ?? usual).find(worker => worker !== (frontend ?? usual))
  if (other === undefined) return []
  return [
    {
      path: frontend === undefined ? ['args'] : ['frontend_args'],
      wrong: `the frontend receives answers over ${String(frontend ?? usual)}, and workers send them over ${String(other)}`,
      remedy: `write the same ${plane} in args and frontend_args, or DYN_RESPONSE_PLANE in env`,
    },
  ]
}

const policyFile = 'router-policy-config'

/** Reports a router policy that is not a file. The frontend would reject it only after NATS and etcd have started. */
export function reportPolicyFile(
  { frontend_args }: Pick<DynamoConfig, 'frontend_args'>,
  context: SectionContext,
): void {
  for (const [written, value] of Object.entries(frontend_args)) {
    if (argumentName(written) !== policyFile) continue
    const path = ['deploy', 'frontend_args', written]
    const right = 'write the path of a YAML file, beginning with ./ or /'
    if (typeof value !== 'string') context.report(path, `${written} is not a path`, right)
    else if (lookUp(context, value) === 'folder')
      context.report(path, `${written}: ${quoted(value)} is a folder`, right)
  }
}
