import { join } from 'node:path'
import type { Endpoint } from '../../model/index.ts'
import { atMost } from '../../process/at-most.ts'
import { openLedger, type ProcessLedger } from '../../process/ledger.ts'
import { describeExit, type RunningProcess, startProcess } from '../../process/process.ts'
import { isSshFailed, pauseFor, retryingSsh, sshFailed, sshFailure } from '../../process/ssh-failure.ts'
import { type ShardSettings, shardLaunches } from './launch.ts'

/** Exchanges lines with one shard. */
export interface ShardChannel {
  /** For messages. */
  readonly host: string
  send(line: string): void
  /** Its last lines that are not messages. */
  lastLines(): readonly string[]
  /** Resolves when no more lines can come, with the reason: `exited with code 1`. */
  readonly ended: Promise<string>
  /** Ends the shard. Safe to call twice. */
  close(): Promise<void>
}

/** Where shards run, and how to reach them. */
export interface ShardLauncher {
  /** Whether all shards are opened for every point, even unused ones, because they start and end together. */
  readonly together: boolean
  /** The endpoint as shards reach it. */
  seenFrom(endpoint: Endpoint): Endpoint
  /**
   * Starts a shard, or connects to a running one. Its lines arrive from then on.
   * @throws FulcrumError environment if none can be started there; the signal's reason
   */
  open(shard: number, onLine: (line: string) => void, signal: AbortSignal): Promise<ShardChannel>
  /** Removes what all shards shared. */
  close(): Promise<void>
}

const stopGraceMs = 2000

/** Concurrent logins. They may all go through one host, whose sshd drops some of more than ten. */
const loginsAtOnce = 6
/** A host that does not respond for this long does not delay the others. */
const loginLimitMs = 15_000

/** Processes on this machine, or on hosts that a launcher reaches. */
export function processLauncher(settings: ShardSettings, runFolder: string): ShardLauncher {
  const launches = shardLaunches(settings)
  const remote = settings.hosts.length > 0
  const inTurn = atMost(loginsAtOnce)
  let ledger: Promise<ProcessLedger> | null = null

  async function start(shard: number, onLine: (line: string) => void): Promise<RunningProcess> {
    const launch = launches[shard]
    if (launch === undefined) throw new RangeError(`no shard ${shard}`)
    ledger ??= openLedger({ runFolder })
    const logFile = join(runFolder, 'shards', `shard-${shard}.log`)
    const spec = { name: `shard-${shard}`, argv: launch.argv, env: {}, cwd: runFolder, logFile, onStdoutLine: onLine }
    return startProcess(spec, await ledger)
  }

  /** Retries while the connection fails before the shard's first message. The last attempt counts even if it fails. */
  async function startThere(shard: number, onLine: (line: string) => void, signal: AbortSignal) {
    let last: RunningProcess | null = null
    const once = async () => {
      const spoken = Promise.withResolvers<void>()
      const started = await start(shard, line => {
        spoken.resolve()
        onLine(line)
      })
      last = started
      const settled = new AbortController()
      const limit = pauseFor(loginLimitMs, AbortSignal.any([signal, settled.signal]))
      await Promise.race([spoken.promise, started.exited, limit])
      settled.abort()
      const failure = sshFailure(started.exit()?.code, started.lastLines())
      if (failure === null) return started
      await started.stop(0)
      throw sshFailed(started.name, failure)
    }
    try {
      return await retryingSsh(once, { signal })
    } catch (error) {
      if (isSshFailed(error) && last !== null) return last
      throw error
    }
  }

  return {
    together: false,
    seenFrom: endpoint => endpoint,
    open: async (shard, onLine, signal) => {
      const started = remote ? await inTurn(() => startThere(shard, onLine, signal)) : await start(shard, onLine)
      return {
        host: launches[shard]?.host ?? '',
        send: started.send,
        lastLines: started.lastLines,
        ended: started.exited.then(describeExit),
        close: () => started.stop(stopGraceMs),
      }
    },
    close: async () => (await ledger)?.close(),
  }
}
