import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { RunningProcess } from '../../process/process.ts'
import { placesOf, type WorkerSlot } from '../change.ts'
import { firstFailed, isWhole, processFailure } from '../failure.ts'
import { guardGraceMs, taskFolder } from '../launch/guard.ts'
import type { Launch, Task } from '../launch/launcher.ts'
import { startLaunch } from '../launch/start.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Placed } from '../nodes/placement.ts'
import type { Member } from '../stepwise.ts'
import type { WorkerDesign } from '../worker-design.ts'
import { type DynamoSetup, processEnvironment, workerEnvironment } from './commands.ts'

/** A started worker, reached at its nodes' addresses. */
export interface Worker extends Member {
  /** Metrics pages by name: the worker's own, and those of additional ranks that serve. */
  readonly metricsUrls: { readonly [name: string]: string }
  /** Ranks that register with Dynamo. */
  readonly registers: number
}

/** Ports of one rank of a worker, or of a worker without ranks. */
interface RankPorts {
  readonly system: number | string
  readonly sideChannel: number | string
  /** Value of `{port}` in arguments. */
  readonly own: number | string
}

/** Ports of one worker's nodes, by rank, and the port at which its ranks meet. */
export interface WorkerPorts {
  readonly ranks: readonly RankPorts[]
  readonly meeting: number | string
}

/** A program that runs a worker or one of its ranks. */
export interface NamedLaunch {
  readonly name: string
  readonly host: string | null
  readonly launch: Launch
}

/** Placeholder for a free port in an argument, because several workers on one machine cannot share one. */
const ownPort = '{port}'

/**
 * Programs that run the worker of one slot on its hosts, with separate ports and GPUs. There is one program per node,
 * or a single one if the machines start all nodes together.
 */
export function launchesOf(
  setup: DynamoSetup,
  slot: WorkerSlot,
  design: WorkerDesign,
  nodes: Nodes,
  ports: WorkerPorts,
): readonly NamedLaunch[] {
  const { gang } = design
  const taskOf = (place: Placed, rank: number): Task => {
    const reach = nodes.reach(place.host)
    const own = ports.ranks[rank] ?? { system: '', sideChannel: '', own: '' }
    const mine = workerEnvironment(setup.config.backend, place.gpus, own)
    const [program, ...args] = design.command.argv
    const given = args.map(argument => argument.replaceAll(ownPort, String(own.own)))
    const argv = [program, ...given] as const
    const command = { argv, env: { ...mine, ...processEnvironment(setup, reach) } }
    const name = gang === undefined ? slot.name : `${slot.name}-rank${rank}`
    if (gang === undefined) return { name, ...command, files: design.files }
    const head = { address: nodes.reach(slot.host).address, port: ports.meeting }
    const { nodes: count, gpusPerNode } = gang
    const folder = join(taskFolder(setup.namespace), name)
    const made = gang.rank(command, { rank, nodes: count, gpusPerNode, address: reach.address, head, folder })
    return { name, ...made, files: design.files, isRank: true, folder }
  }
  const ranks = placesOf(slot).map((place, rank) => ({ host: place.host, task: taskOf(place, rank) }))
  if (gang === undefined || nodes.gang === undefined) {
    return ranks.map(({ host, task }) => ({ name: task.name, host, launch: nodes.launcher(host)(task) }))
  }
  const onNodes = ranks.flatMap(({ host, task }) => (host === null ? [] : [{ host, task }]))
  const launch = nodes.gang(slot.name, onNodes, gang.isMpi ? gang.gpusPerNode : 1, gang.isMpi)
  return [{ name: slot.name, host: slot.host, launch }]
}

/** Starts the worker of one slot: all of its ranks or none. */
export async function startWorker(
  setup: DynamoSetup,
  slot: WorkerSlot,
  design: WorkerDesign,
  nodes: Nodes,
  place: { readonly logFolder: string; readonly ledger: ProcessLedger },
): Promise<Worker> {
  const places = placesOf(slot)
  const isAsked = design.command.argv.some(argument => argument.includes(ownPort))
  const ranks: RankPorts[] = []
  for (const { host } of places) {
    ranks.push({
      system: await nodes.freePort(host),
      sideChannel: await nodes.freePort(host),
      own: isAsked ? await nodes.freePort(host) : '',
    })
  }
  const { gang } = design
  const ports = { ranks, meeting: gang === undefined ? '' : await nodes.freePort(slot.host) }
  const processes: RunningProcess[] = []
  const stop = async (graceMs: number) => {
    // On another machine, only the process's guard can kill it, which takes time.
    await Promise.all(processes.map(process => process.stop(slot.host === null ? graceMs : guardGraceMs)))
  }
  try {
    for (const { name, host, launch } of launchesOf(setup, slot, design, nodes, ports)) {
      const cwd = host === null ? resolve('.') : tmpdir()
      const logFile = join(place.logFolder, `${name}.log`)
      // A program on several nodes reports which of them failed.
      const on = host === null || launch.partFailedIn !== undefined ? {} : { host }
      processes.push(await startLaunch(launch, { name, cwd, logFile, ...on }, place.ledger))
    }
  } catch (error) {
    await stop(0)
    throw error
  }
  const [process] = processes
  if (process === undefined) throw new Error(`nothing was started for ${slot.name}`)
  const registers = gang?.registers ?? 1
  const pages = places.slice(0, registers).map(({ host }, rank) => {
    const name = rank === 0 ? slot.name : `${slot.name}-rank${rank}`
    return [name, `http://${nodes.reach(host).address}:${ranks[rank]?.system}/metrics`] as const
  })
  return {
    ...slot,
    process,
    ...(processes.length === 1 ? {} : { ranks: processes }),
    metricsUrls: Object.fromEntries(pages),
    registers,
    fit: async () => processes.every(isWhole),
    failure: logLines => processFailure(firstFailed(processes) ?? process, logLines),
    stop,
  }
}
