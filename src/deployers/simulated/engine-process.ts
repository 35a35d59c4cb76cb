import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FulcrumError } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { ProcessExit, RunningProcess } from '../../process/process.ts'
import { describeExit, startProcess } from '../../process/process.ts'
import type { EngineStart, Order, Report } from '../../simulator/control.ts'
import { parseReport } from '../../simulator/control.ts'

/** A running engine and the connection to it. */
export interface EngineProcess {
  readonly url: string
  readonly process: RunningProcess
  /**
   * Resolves with the worker's name once the order is complete.
   * @throws FulcrumError failed `engine-refused` or `engine-ended`; the signal's reason
   */
  tell(order: Order, signal: AbortSignal): Promise<string>
}

/** Main file of the engine: TypeScript in the repository, JavaScript in the package. */
const mainFile = fileURLToPath(new URL(`../../simulator/main${extname(import.meta.url)}`, import.meta.url))

/** Command that runs an engine. */
export function engineCommand(start: EngineStart): readonly [string, ...string[]] {
  return [process.execPath, mainFile, JSON.stringify(start)]
}

function ended(exit: ProcessExit, engine: RunningProcess): FulcrumError {
  const said = engine.lastLines().slice(-5).join('\n')
  return new FulcrumError(
    'failed',
    'engine-ended',
    `The simulated engine ${describeExit(exit)}${said && `:\n${said}`}`,
    {
      where: engine.logFile,
    },
  )
}

/** Settles with `promise`, or rejects as soon as the signal aborts. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort))
}

/**
 * Starts an engine process and waits until it listens.
 * @throws FulcrumError failed `engine-ended` with its last lines; the signal's reason
 */
export async function startEngine(
  start: EngineStart,
  place: { readonly runFolder: string; readonly ledger: ProcessLedger },
  signal: AbortSignal,
): Promise<EngineProcess> {
  const listening = Promise.withResolvers<string>()
  const orders = new Map<number, PromiseWithResolvers<string>>()
  let nextId = 0

  function hear(report: Report): void {
    if (report.event === 'listening') {
      listening.resolve(report.url)
      return
    }
    const order = orders.get(report.id)
    orders.delete(report.id)
    if (report.event === 'done') order?.resolve(report.worker)
    else order?.reject(new FulcrumError('failed', 'engine-refused', report.message))
  }

  const engine = await startProcess(
    {
      name: 'engine',
      argv: engineCommand(start),
      env: {},
      cwd: place.runFolder,
      logFile: join(place.runFolder, 'logs', 'engine.log'),
      onStdoutLine: line => hear(parseReport(line)),
    },
    place.ledger,
  )
  void engine.exited.then(exit => {
    listening.reject(ended(exit, engine))
    for (const order of orders.values()) order.reject(ended(exit, engine))
    orders.clear()
  })
  try {
    const url = await orAborted(listening.promise, signal)
    return {
      url,
      process: engine,
      tell(order, orderSignal) {
        const exit = engine.exit()
        if (exit !== null) return Promise.reject(ended(exit, engine))
        const id = nextId++
        const answer = Promise.withResolvers<string>()
        orders.set(id, answer)
        engine.send(JSON.stringify({ id, ...order }))
        return orAborted(answer.promise, orderSignal)
      },
    }
  } catch (error) {
    listening.promise.catch(() => {})
    await engine.stop(1000)
    throw error
  }
}
