import { lookup } from 'node:dns/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FulcrumError } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { DeployContext } from '../deployer.ts'
import { taskFolder } from '../launch/guard.ts'
import { freePortAt, headReach, requireHead } from '../nodes/head.ts'
import type { RuntimeConfig } from '../nodes/keys.ts'
import { lossOf, type Nodes } from '../nodes/nodes.ts'
import type { Host } from '../nodes/placement.ts'
import { runToEnd } from '../nodes/run-to-end.ts'
import { type Allocation, allocate } from './allocation.ts'
import type { AllocationConfig } from './keys.ts'
import { allocationCommand } from './salloc.ts'
import { asGangStep, asStep, mpiBreakers } from './srun.ts'
import { describeJob, hasFailed, type NodeState, parseEndedJob, parseJobState, parseNodes } from './states.ts'

interface Options {
  readonly config: AllocationConfig
  readonly container: RuntimeConfig | null
  readonly head: string
  readonly namespace: string
  readonly logFolder: string
  readonly ledger: ProcessLedger
}

interface Fault {
  readonly why: string
  readonly ended: boolean
}

const answerLimitMs = 10_000

/** Hosts of workers on nodes whose names Slurm has not assigned yet. */
export function hostsToCome(config: Pick<AllocationConfig, 'nodes' | 'gpus_per_node'>): readonly Host[] {
  return Array.from({ length: config.nodes }, (_, index) => hostOf(config, `<node ${index + 1}>`))
}

function hostOf({ gpus_per_node: gpusPerNode }: Pick<AllocationConfig, 'gpus_per_node'>, name: string): Host {
  if (gpusPerNode === undefined) return { name, gpus: null, maxWorkers: 1 }
  return { name, gpus: Array.from({ length: gpusPerNode }, (_, gpu) => gpu), maxWorkers: null }
}

/**
 * Nodes of an allocation, which is requested on first opening and again after a loss. If single nodes fail, the others
 * stay in use. Another allocation replaces lost ones once a deployment does not fit without them.
 */
export function slurmNodes({ config, container, head, namespace, logFolder, ledger }: Options): Nodes {
  let allocations: readonly Allocation[] = []
  let asked = 0
  /** Whether requests for replacements failed. Further requests would wait just as long. */
  let inVain = false
  let addresses: ReadonlyMap<string, string> = new Map()
  /** Failed nodes and ended jobs, with Slurm's reason. */
  const lost = new Map<string, string>()
  const ports = new Set<number>()
  const unset = config.keep_slurm_variables ? [] : mpiBreakers
  const wrapping = { container, namespace, unset }

  const ask = (argv: readonly [string, ...string[]], signal: AbortSignal) =>
    runToEnd(argv, AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]))

  async function giveBack({ job, process }: Allocation): Promise<void> {
    await ask(['scancel', job], new AbortController().signal)
    await process.stop(5_000)
  }

  async function statesOf(signal: AbortSignal, names: readonly string[]): Promise<readonly NodeState[]> {
    const said = await ask(['scontrol', 'show', 'node', '--oneliner', names.join(',')], signal)
    return said.ok ? parseNodes(said.out) : []
  }

  /** Problem of an allocation as a whole, and whether it has ended; null if it is usable. */
  async function faultOf(held: Allocation, signal: AbortSignal): Promise<Fault | null> {
    const queue = await ask(['squeue', '--noheader', `--jobs=${held.job}`, '--states=all', '--format=%T|%r'], signal)
    const name = `Slurm job ${held.job}`
    const known = parseJobState(queue.out)
    // A controller that does not respond does not mean that the job has ended.
    if (!queue.ok && !/invalid job id/i.test(queue.complaint))
      return { why: `${name}: ${queue.complaint}`, ended: false }
    const job = known ?? parseEndedJob((await ask(['scontrol', 'show', 'job', '--oneliner', held.job], signal)).out)
    if (job === null) return { why: `${name} is gone`, ended: true }
    if (job.state !== 'RUNNING') return { why: `${name} is ${describeJob(job)}`, ended: true }
    return held.process.alive() ? null : { why: `the allocation of ${name} has ended`, ended: true }
  }

  /** Failed nodes in use, with Slurm's reason. */
  async function failures(signal: AbortSignal): Promise<readonly (readonly [name: string, why: string])[]> {
    if (allocations.length === 0) return []
    const states = await statesOf(signal, namesInUse())
    return states
      .filter(hasFailed)
      .map(({ name, state, reason }) => [name, `node ${name} is ${state}${reason === null ? '' : `: ${reason}`}`])
  }

  async function take(count: number, context: DeployContext): Promise<void> {
    const number = ++asked
    const suffix = number === 1 ? '' : `-${number}`
    const jobName = `${namespace}${suffix}`
    const argv = allocationCommand({ ...config, nodes: count }, jobName)
    const name = `salloc${suffix}`
    const spec = { name, argv, env: {}, cwd: tmpdir(), logFile: join(logFolder, `${name}.log`) }
    const taken = await allocate(spec, { jobName, queueTimeoutS: config.queue_timeout, ledger }, context)
    allocations = [...allocations, taken]
    for (const node of taken.nodes) lost.delete(node)
    const states = await statesOf(context.signal, taken.nodes)
    const found = states.map(async ({ name: node, address }) => [node, await ipOf(address)] as const)
    addresses = new Map([...addresses, ...(await Promise.all(found))])
  }

  /** Releases allocations that have ended, and records nodes that have failed. */
  async function look(context: DeployContext): Promise<void> {
    const lose = (name: string, what: string, why: string) => {
      lost.set(name, why)
      context.onEvent(lossOf(what, why))
    }
    for (const held of allocations) {
      const fault = await faultOf(held, context.signal)
      context.signal.throwIfAborted()
      if (fault?.ended !== true) continue
      lose(`job ${held.job}`, `Slurm job ${held.job}`, fault.why)
      await giveBack(held)
      allocations = allocations.filter(other => other !== held)
    }
    const failed = await failures(context.signal)
    context.signal.throwIfAborted()
    for (const [name, why] of failed) lose(name, `node ${name}`, why)
  }

  const namesInUse = () =>
    [...new Set(allocations.flatMap(({ nodes }) => nodes))].filter(name => !lost.has(name)).toSorted()
  const jobOf = (host: string | null) => allocations.findLast(({ nodes }) => nodes.includes(host ?? ''))?.job
  const addressOf = (host: string) => addresses.get(host) ?? `<address of ${host}>`

  return {
    fileFolder: taskFolder(namespace),
    named: hostsToCome(config),
    hosts: () => (asked === 0 ? hostsToCome(config) : namesInUse().map(name => hostOf(config, name))),
    lost: () => [...lost.values()],
    open: async context => {
      await requireHead(head)
      await look(context)
      if (allocations.length > 0) return
      lost.clear()
      inVain = false
      await take(config.nodes, context)
    },
    regain: async context => {
      const missing = config.nodes - namesInUse().length
      if (missing <= 0 || inVain) return
      try {
        await take(missing, context)
      } catch (error) {
        context.signal.throwIfAborted()
        if (!(error instanceof FulcrumError)) throw error
        inVain = true
        lost.set('replacements', error.message)
      }
    },
    reach: host => (host === null ? headReach(head) : { address: addressOf(host), networkInterface: null }),
    launcher: host => asStep({ job: jobOf(host) ?? '<job>', node: host ?? '', args: config.srun_args }, wrapping),
    gang: (name, ranks, tasksPerNode, isMpi) => {
      const job = jobOf(ranks[0]?.host ?? null) ?? '<job>'
      return asGangStep({ job, args: config.srun_args }, name, ranks, { tasksPerNode, isMpi }, wrapping)
    },
    freePort: host => freePortAt(addressOf(host ?? ''), ports),
    processes: () => allocations.map(({ process }) => process),
    problems: async signal => {
      if (allocations.length === 0) return [{ host: null, why: 'there is no Slurm allocation' }]
      const faults = await Promise.all(allocations.map(held => faultOf(held, signal)))
      const failed = await failures(signal)
      signal.throwIfAborted()
      const whole = faults.flatMap(fault => (fault === null ? [] : [{ host: null, why: fault.why }]))
      return [...whole, ...failed.map(([host, why]) => ({ host, why }))]
    },
    preview: () => [{ argv: allocationCommand(config, namespace), env: {}, note: 'allocation' }],
    close: async () => {
      const given = allocations
      allocations = []
      await Promise.all(given.map(giveBack))
    },
  }
}

async function ipOf(name: string): Promise<string> {
  try {
    return (await lookup(name, { family: 4 })).address
  } catch (cause) {
    throw new FulcrumError('environment', 'node-without-address', `Could not resolve the address of node ${name}`, {
      where: name,
      remedy: 'Give the node a NodeAddr in slurm.conf that this machine can look up.',
      cause,
    })
  }
}
