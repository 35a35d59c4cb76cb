import type {
  AllocationConfig,
  DynamoConfig,
  DynamoServeConfig,
  SlurmConfig,
  SshNodesConfig,
} from '../../deployers/config.ts'
import { quoted } from '../../yaml/problem.ts'
import { existing, reportTwice, type SectionContext, seconds } from '../../yaml/section-context.ts'
import type { RawDeploy } from '../schema/deploy.ts'

type RawDynamo = Extract<RawDeploy, { with: 'dynamo' }>
type RawServe = Extract<RawDeploy, { with: 'dynamo-serve' }>
type RawSlurm = Extract<RawDeploy, { with: 'slurm' }>
type RawNodes = NonNullable<RawDynamo['nodes']>

/** Where workers run when it is not simply this machine. */
export function readPlaces(
  raw: Pick<RawDynamo, 'nodes' | 'head' | 'ssh' | 'container' | 'gpus'>,
  context: SectionContext,
): Pick<DynamoConfig, 'nodes' | 'head' | 'container'> {
  reportContradictions(raw, context)
  if (raw.nodes !== undefined && raw.gpus !== undefined) {
    const right = 'write gpus beside each node’s name'
    context.report(['deploy', 'gpus'], 'gpus are those of this machine, and workers run on nodes', right, 'key')
  }
  return {
    ...(raw.nodes === undefined ? {} : { nodes: { hosts: hostsOf(raw.nodes, context), ssh: sshOf(raw.ssh, context) } }),
    ...(raw.head === undefined ? {} : { head: raw.head }),
    ...(raw.container === undefined ? {} : { container: raw.container }),
  }
}

/** The same for `dynamo serve`, whose workers may also be steps of an allocation, and run on this machine beside. */
export function readServePlaces(
  raw: Pick<RawServe, 'nodes' | 'slurm' | 'head' | 'ssh' | 'container'>,
  context: SectionContext,
): Pick<DynamoServeConfig, 'nodes' | 'slurm' | 'head' | 'container'> {
  reportContradictions(raw, context)
  return {
    ...(raw.nodes === undefined ? {} : { nodes: { hosts: hostsOf(raw.nodes, context), ssh: sshOf(raw.ssh, context) } }),
    ...(raw.slurm === undefined ? {} : { slurm: allocationOf(raw.slurm) }),
    ...(raw.head === undefined ? {} : { head: raw.head }),
    ...(raw.container === undefined ? {} : { container: raw.container }),
  }
}

function reportContradictions(raw: Pick<RawServe, 'nodes' | 'slurm' | 'head' | 'ssh'>, context: SectionContext): void {
  const where = (['nodes', 'slurm'] as const).filter(key => raw[key] !== undefined)
  const [place, other] = where
  if (other !== undefined) {
    context.report(['deploy', other], 'nodes are reached over ssh or given by Slurm', 'remove one of the two', 'key')
  }
  if (raw.ssh !== undefined && raw.nodes === undefined) {
    context.report(['deploy', 'ssh'], 'ssh is for nodes, and there are none', 'list nodes, or remove it', 'key')
  }
  if (place === undefined && raw.head !== undefined) {
    context.report(['deploy', 'head'], 'head is for nodes, and there are none', 'list nodes, or remove it', 'key')
  }
  if (place !== undefined && raw.head === undefined) {
    const right = 'write head: with the address of this machine that they reach'
    context.report(['deploy', place], 'the nodes can’t reach NATS and etcd on the loopback of this machine', right)
  }
}

function hostsOf(raw: RawNodes, context: SectionContext): SshNodesConfig['hosts'] {
  const hosts = raw.map(node => {
    if (typeof node === 'string') return { name: node }
    const { name, address, gpus } = node
    const indices = typeof gpus === 'number' ? Array.from({ length: gpus }, (_, gpu) => gpu) : gpus
    return {
      name,
      ...(address === undefined ? {} : { address }),
      ...(indices === undefined ? {} : { gpus: indices }),
    }
  })
  reportTwice(context, ['deploy', 'nodes'], hosts, node => (node as { name: string }).name)
  for (const [index, { name, gpus = [] }] of hosts.entries()) {
    const twice = gpus.find((gpu, i) => gpus.indexOf(gpu) !== i)
    if (twice === undefined) continue
    context.report(
      ['deploy', 'nodes', index, 'gpus'],
      `GPU ${twice} of ${quoted(name)} is listed twice`,
      'list it once',
    )
  }
  return hosts
}

function sshOf(raw: RawDynamo['ssh'], context: SectionContext): SshNodesConfig['ssh'] {
  const options = Object.entries(raw?.options ?? {}).map(([name, value]) => [name, String(value)])
  return {
    options: Object.fromEntries(options),
    ...(raw?.config === undefined
      ? {}
      : { configFile: existing(context, ['deploy', 'ssh', 'config'], raw.config, 'file') }),
  }
}

/** An allocation, and the Dynamo that runs in it. */
export function readSlurm(raw: RawSlurm, dynamo: DynamoConfig): SlurmConfig {
  return {
    with: 'slurm',
    dynamo: { ...dynamo, head: raw.head, ...(raw.container === undefined ? {} : { container: raw.container }) },
    ...allocationOf(raw),
  }
}

function allocationOf(raw: NonNullable<RawServe['slurm']>): AllocationConfig {
  return {
    nodes: raw.nodes,
    queueTimeoutS: seconds(raw.queue_timeout),
    sallocArgs: raw.salloc_args,
    srunArgs: raw.srun_args,
    keepSlurmVariables: raw.keep_slurm_variables,
    ...(raw.gpus_per_node === undefined ? {} : { gpusPerNode: raw.gpus_per_node }),
    ...(raw.partition === undefined ? {} : { partition: raw.partition }),
    ...(raw.account === undefined ? {} : { account: raw.account }),
    ...(raw.time === undefined ? {} : { time: raw.time }),
  }
}
