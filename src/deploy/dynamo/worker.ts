import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ProcessLedger } from '../../process/ledger.ts'
import { type RunningProcess, startProcess } from '../../process/process.ts'
import { freePort } from '../ports.ts'
import type { WorkerSlot } from './change.ts'
import { type WorkerDesign, workerEnvironment } from './commands.ts'

/** A worker that was started. */
export interface Worker extends WorkerSlot {
  readonly process: RunningProcess
  readonly metricsUrl: string
}

/** Starts the worker of one slot: its engine files written, its own port and GPUs in its environment. */
export async function startWorker(
  slot: WorkerSlot,
  design: WorkerDesign,
  place: { readonly backend: string; readonly logFolder: string; readonly cwd: string; readonly ledger: ProcessLedger },
): Promise<Worker> {
  for (const { path, content } of design.files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  const ports = { system: await freePort(), sideChannel: await freePort() }
  const process = await startProcess(
    {
      name: slot.name,
      argv: design.command.argv,
      env: { ...workerEnvironment(place.backend, slot.gpus, ports), ...design.command.env },
      cwd: place.cwd,
      logFile: join(place.logFolder, `${slot.name}.log`),
    },
    place.ledger,
  )
  return { ...slot, process, metricsUrl: `http://127.0.0.1:${ports.system}/metrics` }
}
