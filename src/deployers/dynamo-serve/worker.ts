import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessLedger } from '../../process/ledger.ts'
import { processFailure } from '../failure.ts'
import { guardGraceMs } from '../launch/guard.ts'
import { startLaunch, writeFiles } from '../launch/start.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Member } from '../stepwise.ts'
import type { ServeSlot } from './change.ts'
import type { ServeDesign, ServeSetup } from './design.ts'
import { serveLaunch } from './launch.ts'
import { serveFailure, startServe } from './service.ts'

/** A `dynamo serve` started for one worker; the head's includes the frontend. */
export interface ServeWorker extends Member, ServeSlot {
  /** Also watches services that have started since. */
  follow(): Promise<void>
}

/** Starts the worker of one slot after writing its copies of the configuration. */
export async function startServeWorker(
  setup: ServeSetup,
  slot: ServeSlot,
  design: ServeDesign,
  nodes: Nodes,
  place: { readonly logFolder: string; readonly ledger: ProcessLedger },
): Promise<ServeWorker> {
  const launch = serveLaunch(setup, slot, design, nodes, process.env.PATH ?? '')
  const its = { name: slot.name, logFile: join(place.logFolder, `${slot.name}.log`) }
  if (launch.endsBy === 'signal') {
    await writeFiles(launch.files)
    const serve = await startServe({ ...its, ...launch, cwd: setup.config.workdir }, place.ledger)
    return { ...slot, ...serve, failure: logLines => serveFailure(serve, logLines) }
  }
  // The guard watches the services and ends with the first one that ends.
  const guard = await startLaunch(launch, { ...its, cwd: tmpdir() }, place.ledger)
  return {
    ...slot,
    process: guard,
    follow: async () => {},
    fit: async () => guard.alive(),
    failure: logLines => processFailure(guard, logLines),
    stop: () => guard.stop(guardGraceMs),
  }
}
