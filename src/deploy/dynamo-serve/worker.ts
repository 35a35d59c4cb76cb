import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { WorkerSlot } from '../dynamo/change.ts'
import type { Member } from '../stepwise.ts'
import type { ServeDesign, ServeSite } from './design.ts'
import { serveCommand } from './preview.ts'
import { serveFailure } from './readiness.ts'
import { startServe } from './service.ts'

/** A `dynamo serve` that was started for one worker; the head's brings the frontend too. */
export interface ServeWorker extends Member {
  /** Keeps an eye on services that have come up since. */
  follow(): Promise<void>
}

/** Starts the worker of one slot, its copies of the configuration first. */
export async function startServeWorker(
  site: ServeSite,
  slot: WorkerSlot,
  design: ServeDesign,
  place: { readonly logFolder: string; readonly ledger: ProcessLedger },
): Promise<ServeWorker> {
  for (const { path, content } of design.files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  const { argv, env } = serveCommand(site, slot, design, process.env.PATH ?? '')
  const logFile = join(place.logFolder, `${slot.name}.log`)
  const serve = await startServe({ name: slot.name, argv, env, cwd: site.config.workdir, logFile }, place.ledger)
  return { ...slot, ...serve, failure: logLines => serveFailure(serve, logLines) }
}
