import { mkdir } from 'node:fs/promises'
import { userCacheFolder } from '../../generators/cache.ts'
import { builtinTokenizer, serverTokenizer } from '../../model/builtin-tokenizer.ts'
import { canonicalJson, type Deployment, defined, type Endpoint, type Role } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { EngineStart } from '../../simulator/control.ts'
import type { RouterMode } from '../../simulator/routing.ts'
import type { DeployContext, Deployer, DeployPreview, Reconciled } from '../deployer.ts'
import type { RoleChange } from './changes.ts'
import { changesBetween } from './changes.ts'
import type { SimulatedConfig } from './config.ts'
import type { EngineProcess } from './engine-process.ts'
import { engineCommand, startEngine } from './engine-process.ts'
import { firstAnswer } from './first-answer.ts'

/** Options of the simulated deployer. */
export interface SimulatedOptions {
  /** Its `logs/` folder contains the logs. */
  readonly runFolder: string
  readonly ledger: ProcessLedger
  /** Whether every prompt consists of words of one token, so that the engine can count without building a tokenizer. */
  readonly wordPrompts?: boolean
  /** Simulated time that a worker takes to load the model, ms. Real workers take minutes. Default: 20. */
  readonly loadMs?: number
  /** Configuration of each deployment; default: the given one. */
  configOf?(wanted: Deployment): SimulatedConfig
}

/** The running deployment. */
interface Running {
  readonly engine: EngineProcess
  readonly start: EngineStart
  router: RouterMode
  /** Null during a change, because an interrupted change must be completed. */
  deployment: Deployment | null
  readonly workers: { readonly [role in Role]: string[] }
}

/** Deploys on the simulated engine, a separate process whose workers start and stop while it runs. */
export function simulatedDeployer(config: SimulatedConfig, options: SimulatedOptions): Deployer {
  const loadMs = options.loadMs ?? 20
  const configOf = (wanted: Deployment) => options.configOf?.(wanted) ?? config
  let running: Running | null = null

  function startOf(wanted: Deployment): EngineStart {
    const { name, tokenizer, mix } = wanted.model
    const adapters = mix?.flatMap(one => (one.name === name ? [] : [one.name]))
    const { profile, router = 'round-robin', acceptance, ...said } = configOf(wanted)
    const words = options.wordPrompts === true ? { wordFolder: userCacheFolder(process.env) } : {}
    const model = {
      model: name,
      // The simulator has to count tokens itself, with DeepSeek's tokenizer.
      tokenizer: tokenizer === serverTokenizer ? builtinTokenizer : tokenizer,
      ...defined({ adapters, errorRate: said.error_rate, reasoningShare: said.reasoning_share, acceptance }),
    }
    return { profile, ...model, port: 0, routing: router, ...words }
  }

  /** The router can be changed in a running engine; any other difference requires a restart. */
  const startedAlike = (a: EngineStart, b: EngineStart) =>
    canonicalJson({ ...a, routing: '' }) === canonicalJson({ ...b, routing: '' })

  async function stop(): Promise<void> {
    const engine = running?.engine
    running = null
    await engine?.process.stop(1000)
  }

  /** The running engine if it can serve the wanted model, otherwise a new one. */
  async function engineFor(wanted: Deployment, context: DeployContext): Promise<Running> {
    const start = startOf(wanted)
    const usable = running?.engine.process.alive() && running.deployment !== null
    if (running !== null && usable && startedAlike(running.start, start)) {
      if (running.router !== start.routing) {
        context.onEvent({ kind: 'restart', what: 'router' })
        await running.engine.tell({ do: 'route', routing: start.routing }, context.signal)
        running.router = start.routing
      }
      return running
    }
    await stop()
    await mkdir(options.runFolder, { recursive: true })
    const engine = await startEngine(start, options, context.signal)
    context.onEvent({ kind: 'start', what: 'engine', pid: engine.process.pid })
    running = {
      engine,
      start,
      router: start.routing,
      deployment: null,
      workers: { prefill: [], decode: [], aggregated: [] },
    }
    return running
  }

  async function stopWorkers(now: Running, change: RoleChange, context: DeployContext): Promise<void> {
    const leaving = now.workers[change.role].splice(now.workers[change.role].length - change.stop, change.stop)
    await Promise.all(
      leaving.map(async worker => {
        await now.engine.tell({ do: 'remove', worker }, context.signal)
        context.onEvent({ kind: 'stop', what: worker, role: change.role })
      }),
    )
  }

  async function startWorkers(now: Running, change: RoleChange, context: DeployContext): Promise<void> {
    const { role, settings } = change
    const names = await Promise.all(
      Array.from({ length: change.start }, async () => {
        const worker = await now.engine.tell({ do: 'add', role, settings, loadMs }, context.signal)
        context.onEvent({ kind: 'start', what: worker, role })
        return worker
      }),
    )
    now.workers[role].push(...names.sort())
  }

  function endpointOf({ engine, workers }: Running, { model }: Deployment): Endpoint {
    const names = Object.values(workers).flat()
    const metrics = names.map(name => [name, `${engine.url}/metrics/${name}`])
    const metricsUrls = { frontend: `${engine.url}/metrics`, ...Object.fromEntries(metrics) }
    return { url: engine.url, model: model.name, dialect: 'dynamo-1', metricsUrls }
  }

  return {
    async reconcile(wanted, context): Promise<Reconciled> {
      const startedMs = performance.now()
      const elapsedS = () => (performance.now() - startedMs) / 1000
      const now = await engineFor(wanted, context)
      const changes = changesBetween(now.deployment, wanted)
      now.deployment = null
      // Stops workers before starting others, because they would need the same GPUs on real hardware.
      for (const change of changes) await stopWorkers(now, change, context)
      await Promise.all(changes.map(change => startWorkers(now, change, context)))
      await firstAnswer(now.engine.url, wanted.model.name, context.signal)
      now.deployment = wanted
      context.onEvent({ kind: 'ready', what: 'engine', elapsedS: elapsedS() })
      return {
        endpoint: endpointOf(now, wanted),
        workersStarted: changes.reduce((sum, change) => sum + change.start, 0),
        workersStopped: changes.reduce((sum, change) => sum + change.stop, 0),
        elapsedS: elapsedS(),
      }
    },
    async check() {
      if (running === null) return ['the simulated engine has not been started']
      return running.engine.process.alive() ? [] : ['the simulated engine process has ended']
    },
    preview(from, wanted): DeployPreview {
      const start = startOf(wanted)
      const isRouted = from !== null && startOf(from).routing !== start.routing
      const notes = changesBetween(from, wanted).flatMap(({ role, stop, start }) => [
        ...(stop > 0 ? [`-${stop} ${role}`] : []),
        ...(start > 0 ? [`+${start} ${role}`] : []),
      ])
      const router = isRouted ? `; router: ${start.routing}` : ''
      const note = `one process; workers within it: ${notes.join(', ') || 'no change'}${router}`
      return { commands: [{ argv: engineCommand(start), env: {}, note }], files: [] }
    },
    logs(): { readonly [process: string]: readonly string[] } {
      return running === null ? {} : { engine: running.engine.process.lastLines() }
    },
    gpuPlaces: () => ({ holders: [], hosts: [] }),
    close: stop,
  }
}
