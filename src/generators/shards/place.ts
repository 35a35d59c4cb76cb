import { join } from 'node:path'
import type { Endpoint } from '../../model/index.ts'
import { openLedger, type ProcessLedger } from '../../process/ledger.ts'
import { describeExit, startProcess } from '../../process/process.ts'
import { type ShardSettings, shardLaunches } from './launch.ts'

/** The way of lines to one shard and back. */
export interface ShardChannel {
  /** For messages. */
  readonly host: string
  send(line: string): void
  /** Its last words that are no messages. */
  lastLines(): readonly string[]
  /** Resolves when nothing more can come, with what happened: `exited with code 1`. */
  readonly ended: Promise<string>
  /** Ends the shard. Safe to call twice. */
  close(): Promise<void>
}

/** Where shards run, and how they are reached. */
export interface ShardPlace {
  /** All shards are opened for every point, even those that it has no use for: they are started, and end, together. */
  readonly together: boolean
  /** The endpoint as shards there reach it. */
  seenFrom(endpoint: Endpoint): Endpoint
  /**
   * Starts a shard, or reaches one that runs; its lines come from then on.
   * @throws FulcrumError environment when none can be started there; the signal's reason
   */
  open(shard: number, onLine: (line: string) => void, signal: AbortSignal): Promise<ShardChannel>
  /** Takes away what all shards had in common. */
  close(): Promise<void>
}

const stopGraceMs = 2000

/** Processes of this machine, or of hosts that a launcher reaches. */
export function processPlace(settings: ShardSettings, runFolder: string): ShardPlace {
  const launches = shardLaunches(settings)
  let ledger: Promise<ProcessLedger> | null = null
  return {
    together: false,
    seenFrom: endpoint => endpoint,
    open: async (shard, onLine) => {
      const launch = launches[shard]
      if (launch === undefined) throw new RangeError(`no shard ${shard}`)
      ledger ??= openLedger({ runFolder })
      const logFile = join(runFolder, 'shards', `shard-${shard}.log`)
      const spec = { name: `shard-${shard}`, argv: launch.argv, env: {}, cwd: runFolder, logFile, onStdoutLine: onLine }
      const started = await startProcess(spec, await ledger)
      return {
        host: launch.host,
        send: started.send,
        lastLines: started.lastLines,
        ended: started.exited.then(describeExit),
        close: () => started.stop(stopGraceMs),
      }
    },
    close: async () => (await ledger)?.close(),
  }
}
