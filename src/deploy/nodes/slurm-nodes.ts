import { lookup } from 'node:dns/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FulcrumError } from '../../point/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { AllocationConfig, RuntimeConfig } from '../config.ts'
import type { DeployContext } from '../deployer.ts'
import type { Host } from '../dynamo/placement.ts'
import { allocationCommand } from '../launch/salloc.ts'
import { asStep, mpiBreakers } from '../launch/srun.ts'
import { freePortAt, headReach, requireHead } from './head.ts'
import type { Nodes } from './nodes.ts'
import { runToEnd } from './run-to-end.ts'
import { type Allocation, allocate } from './slurm-allocation.ts'
import { describeJob, hasFailed, parseEndedJob, parseJobState, parseNodes } from './slurm-states.ts'

interface Options {
  readonly config: AllocationConfig
  readonly container: RuntimeConfig | null
  readonly head: string
  readonly namespace: string
  readonly logFolder: string
  readonly ledger: ProcessLedger
}

const answerLimitMs = 10_000

/** What workers are placed on in nodes whose names Slurm has yet to say. */
export function hostsToCome(config: Pick<AllocationConfig, 'nodes' | 'gpusPerNode'>): readonly Host[] {
  return Array.from({ length: config.nodes }, (_, index) => hostOf(config, `<node ${index + 1}>`))
}

function hostOf({ gpusPerNode }: Pick<AllocationConfig, 'gpusPerNode'>, name: string): Host {
  if (gpusPerNode === undefined) return { name, gpus: null, maxWorkers: 1 }
  return { name, gpus: Array.from({ length: gpusPerNode }, (_, gpu) => gpu), maxWorkers: null }
}

/** The nodes of an allocation that is asked for at the first opening, and again when it was lost. */
export function slurmNodes({ config, container, head, namespace, logFolder, ledger }: Options): Nodes {
  let allocation: Allocation | null = null
  let addresses: ReadonlyMap<string, string> = new Map()
  const ports = new Set<number>()
  const unset = config.keepSlurmVariables ? [] : mpiBreakers
  const wrapping = { container, namespace, unset }

  const ask = (argv: readonly [string, ...string[]], signal: AbortSignal) =>
    runToEnd(argv, AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]))

  async function giveBack(): Promise<void> {
    const given = allocation
    allocation = null
    if (given === null) return
    await ask(['scancel', given.job], new AbortController().signal)
    await given.process.stop(5_000)
  }

  async function nodesOf(signal: AbortSignal, names: readonly string[]) {
    const said = await ask(['scontrol', 'show', 'node', '--oneliner', names.join(',')], signal)
    return said.ok ? parseNodes(said.out) : null
  }

  async function problemsOf(held: Allocation, signal: AbortSignal): Promise<readonly string[]> {
    const queue = await ask(['squeue', '--noheader', `--jobs=${held.job}`, '--states=all', '--format=%T|%r'], signal)
    const name = `Slurm job ${held.job}`
    const known = parseJobState(queue.out)
    if (!queue.ok && !/invalid job id/i.test(queue.complaint)) return [`${name}: ${queue.complaint}`]
    const job = known ?? parseEndedJob((await ask(['scontrol', 'show', 'job', '--oneliner', held.job], signal)).out)
    const ended = held.process.alive() ? [] : [`the allocation of ${name} has ended`]
    const lost =
      job === null ? [`${name} is gone`] : job.state === 'RUNNING' ? ended : [`${name} is ${describeJob(job)}`]
    const failed = ((await nodesOf(signal, held.nodes)) ?? []).filter(hasFailed)
    const words = failed.map(
      node => `node ${node.name} is ${node.state}${node.reason === null ? '' : `: ${node.reason}`}`,
    )
    return [...lost, ...words]
  }

  async function open(context: DeployContext): Promise<void> {
    const { signal } = context
    await requireHead(head)
    if (allocation !== null && (await problemsOf(allocation, signal)).length === 0) return
    await giveBack()
    const argv = allocationCommand(config, namespace)
    const spec = { name: 'salloc', argv, env: {}, cwd: tmpdir(), logFile: join(logFolder, 'salloc.log') }
    allocation = await allocate(spec, { jobName: namespace, queueTimeoutS: config.queueTimeoutS, ledger }, context)
    const found = (await nodesOf(signal, allocation.nodes)) ?? []
    addresses = new Map(await Promise.all(found.map(async ({ name, address }) => [name, await ipOf(address)] as const)))
  }

  const addressOf = (host: string) => addresses.get(host) ?? `<address of ${host}>`

  return {
    fileFolder: join('/tmp', namespace),
    hosts: () => allocation?.nodes.map(name => hostOf(config, name)) ?? hostsToCome(config),
    open,
    reach: host => (host === null ? headReach(head) : { address: addressOf(host), networkInterface: null }),
    launcher: host => asStep({ job: allocation?.job ?? '<job>', node: host ?? '', args: config.srunArgs }, wrapping),
    freePort: host => freePortAt(addressOf(host ?? ''), ports),
    problems: async signal => {
      if (allocation === null) return ['there is no Slurm allocation']
      const found = await problemsOf(allocation, signal)
      signal.throwIfAborted()
      return found
    },
    preview: () => [{ argv: allocationCommand(config, namespace), env: {}, note: 'allocation' }],
    close: giveBack,
  }
}

async function ipOf(name: string): Promise<string> {
  try {
    return (await lookup(name, { family: 4 })).address
  } catch (cause) {
    throw new FulcrumError('environment', 'node-without-address', `Found no address of node ${name}`, {
      where: name,
      remedy: 'Give the node a NodeAddr in slurm.conf that this machine can look up.',
      cause,
    })
  }
}
