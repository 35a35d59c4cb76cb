import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { WorkerSlot } from '../change.ts'
import { processFailure } from '../failure.ts'
import { guardGraceMs } from '../launch/guard.ts'
import type { Launch } from '../launch/launcher.ts'
import { startLaunch } from '../launch/start.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Member } from '../stepwise.ts'
import type { WorkerDesign } from '../worker-design.ts'
import { type DynamoSite, siteEnvironment, workerEnvironment } from './commands.ts'

/** A worker that was started, reached at its node's address. */
export interface Worker extends Member {
  readonly metricsUrl: string
}

/**
 * What runs the worker of one slot, where it is placed: with ports and GPUs of its own, reached at its node's address.
 */
export function launchOf(
  site: DynamoSite,
  slot: WorkerSlot,
  design: WorkerDesign,
  nodes: Nodes,
  ports: { readonly system: number | string; readonly sideChannel: number | string },
): Launch {
  const own = workerEnvironment(site.config.backend, slot.gpus, ports)
  const env = { ...own, ...siteEnvironment(site, nodes.reach(slot.host)) }
  return nodes.launcher(slot.host)({ name: slot.name, argv: design.command.argv, env, files: design.files })
}

/** Starts the worker of one slot. */
export async function startWorker(
  site: DynamoSite,
  slot: WorkerSlot,
  design: WorkerDesign,
  nodes: Nodes,
  place: { readonly logFolder: string; readonly ledger: ProcessLedger },
): Promise<Worker> {
  const ports = { system: await nodes.freePort(slot.host), sideChannel: await nodes.freePort(slot.host) }
  const launch = launchOf(site, slot, design, nodes, ports)
  const cwd = slot.host === null ? resolve('.') : tmpdir()
  const logFile = join(place.logFolder, `${slot.name}.log`)
  const process = await startLaunch(launch, { name: slot.name, cwd, logFile }, place.ledger)
  return {
    ...slot,
    process,
    metricsUrl: `http://${nodes.reach(slot.host).address}:${ports.system}/metrics`,
    fit: async () => process.alive(),
    failure: logLines => processFailure(process, logLines),
    // On another machine only its own guard can kill it, and that takes its time.
    stop: graceMs => process.stop(slot.host === null ? graceMs : guardGraceMs),
  }
}
