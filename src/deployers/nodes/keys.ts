import { z } from 'zod'
import { defined } from '../../model/index.ts'
import { field, positiveInt } from '../../yaml/field.ts'
import { filePath, words } from '../../yaml/kinds.ts'
import { type Path, quoted } from '../../yaml/problem.ts'
import { reading } from '../../yaml/reading.ts'
import { reportDuplicates, type SectionContext } from '../../yaml/section-context.ts'

/** A node as ssh knows it. */
export interface SshNodeConfig {
  readonly name: string
  /** Address at which this machine and the other nodes reach it; default: the address that ssh connects to. */
  readonly address?: string
  /** GPU indices to assign; without them, the node gets one worker. */
  readonly gpus?: readonly number[]
}

const hostName = z.string().regex(/^[A-Za-z0-9_][^\s]*$/)
/** An IPv4 address or a name: IPv6 addresses would need brackets in URLs, and Dynamo takes them without. */
const address = z.string().regex(/^(?!0\.0\.0\.0$)[0-9A-Za-z][0-9A-Za-z.-]*$/)

const writtenNodes = z
  .array(
    z.union([
      hostName,
      z.strictObject({
        name: hostName,
        address: address.optional(),
        gpus: z.union([positiveInt, z.array(z.int().min(0)).min(1)]).optional(),
      }),
    ]),
  )
  .min(1)

/** Machines for workers. */
export const nodes = field(
  reading(writtenNodes, readNodes),
  'Nodes that workers run on, by the names that ssh uses. A bare name runs one worker; `{ name, gpus }` runs as many as fit on its GPUs (a number, or indices). `address` is how other machines reach the node. Default: the address that ssh connects to.',
  'write a list of host names, or of { name: node1, address: 10.0.0.1, gpus: 4 }, where a name has no spaces and an address is IPv4 without a port',
)

/** Key `head` of deployers with workers on other machines. */
export const head = field(
  address,
  'Address of this machine that the nodes can reach. NATS, etcd and the response stream listen there.',
  'write an IPv4 address of this machine that the nodes can reach, such as 10.0.0.1',
)

/** Key `ssh` of deployers that reach their nodes through ssh. */
export const ssh = field(
  z.strictObject({
    config: filePath.optional(),
    options: reading(z.record(z.string().regex(/^[A-Za-z]+$/), z.union([z.string(), z.number()])), options => {
      const texts: { readonly [name: string]: string } = Object.fromEntries(
        Object.entries(options).map(([name, value]) => [name, String(value)]),
      )
      return texts
    }).prefault({}),
  }),
  'How Fulcrum calls ssh: `config` (relative to this file) replaces ~/.ssh/config, and `options` become `-o NAME=VALUE`.',
  'write { config: PATH, options: { User: me, Port: 22 } }',
)

/** ssh settings: another configuration than the user's own, and `-o NAME=VALUE`. */
export type SshConfig = z.output<typeof ssh>

/** Nodes reached over ssh with the user's own keys and configuration. */
export interface SshNodesConfig {
  readonly hosts: readonly SshNodeConfig[]
  readonly ssh: SshConfig
}

/** Nodes of a configuration; null if its workers run on this machine. */
export function sshNodesOf(config: {
  readonly nodes?: readonly SshNodeConfig[] | undefined
  readonly ssh?: SshConfig | undefined
}): SshNodesConfig | null {
  return config.nodes === undefined ? null : { hosts: config.nodes, ssh: config.ssh ?? { options: {} } }
}

/** Keys of workers' containers. The `program` of an image differs between systems. */
export const containerKeys = {
  image: z.string().min(1),
  runtime: z.enum(['docker', 'podman']).default('docker'),
  args: words.default([]),
}

/**
 * How containers are run. `args` are additional arguments of `run`, such as `-v
 * /tmp/hf_cache:/root/.cache/huggingface`.
 */
export type RuntimeConfig = z.output<z.ZodObject<typeof containerKeys>>

/** Part of a configuration that determines where workers run. */
interface Whereabouts {
  readonly nodes?: unknown
  readonly slurm?: unknown
  readonly head?: unknown
  readonly ssh?: unknown
}

/** Reports keys that contradict each other. */
export function reportContradictions(config: Whereabouts, context: SectionContext): void {
  const where = (['nodes', 'slurm'] as const).filter(key => config[key] !== undefined)
  const [place, other] = where
  if (other !== undefined) {
    context.report(['deploy', other], 'nodes come from ssh or from Slurm, not both', 'remove one of the two', 'key')
  }
  if (config.ssh !== undefined && config.nodes === undefined) {
    context.report(['deploy', 'ssh'], 'ssh requires nodes, but none are listed', 'list nodes, or remove it', 'key')
  }
  if (place === undefined && config.head !== undefined) {
    context.report(['deploy', 'head'], 'head requires nodes, but none are listed', 'list nodes, or remove it', 'key')
  }
  const addresses = Array.isArray(config.nodes) ? (config.nodes as readonly SshNodeConfig[]) : []
  if (isLoopback(config.head) && addresses.some(({ address }) => address !== undefined && !isLoopback(address))) {
    const right = 'write an address that they can reach'
    context.report(['deploy', 'head'], `the nodes cannot reach this machine at ${quoted(config.head)}`, right)
  }
  if (place !== undefined && config.head === undefined) {
    const right = 'write head: with an address of this machine that the nodes can reach'
    context.report(['deploy', place], 'the nodes cannot reach NATS and etcd on this machine’s loopback address', right)
  }
}

const isLoopback = (address: unknown) => typeof address === 'string' && /^(localhost|127\..*)$/.test(address)

function readNodes(
  written: z.output<typeof writtenNodes>,
  context: SectionContext,
  path: Path,
): readonly SshNodeConfig[] {
  const hosts = written.map(node => {
    if (typeof node === 'string') return { name: node }
    const { name, address, gpus } = node
    const indices = typeof gpus === 'number' ? Array.from({ length: gpus }, (_, gpu) => gpu) : gpus
    return {
      name,
      ...defined({ address, gpus: indices }),
    }
  })
  const nameOf = (node: unknown) => (node as { name: string }).name
  reportDuplicates(context, path, hosts, nameOf, 'remove it, or give the node its own name')
  for (const [index, { name, gpus = [] }] of hosts.entries()) {
    const twice = gpus.find((gpu, i) => gpus.indexOf(gpu) !== i)
    if (twice === undefined) continue
    context.report([...path, index, 'gpus'], `GPU ${twice} of ${quoted(name)} is listed twice`, 'list it once')
  }
  for (const [index, node] of hosts.entries()) {
    const other = hosts.slice(0, index).find(before => before.name !== node.name && shareGpus(before, node))
    if (other === undefined) continue
    const wrong = `${quoted(node.name)} has the address of ${quoted(other.name)}, ${node.address}, and shares its GPUs`
    context.report([...path, index, 'address'], wrong, 'correct the address, or list different gpus')
  }
  return hosts
}

/** Whether two nodes are one machine by their addresses, and workers of both would use the same GPU. */
function shareGpus(one: SshNodeConfig, other: SshNodeConfig): boolean {
  if (one.address === undefined || one.address !== other.address) return false
  return one.gpus === undefined || other.gpus === undefined || one.gpus.some(gpu => other.gpus?.includes(gpu))
}
