import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type Deployment, type Endpoint, FulcrumError, topologyLabel } from '../point/index.ts'
import type { ProcessLedger } from '../process/ledger.ts'
import { type RunningProcess, startProcess } from '../process/process.ts'
import type { DynamoConfig } from './config.ts'
import type { DeployContext, Deployer, Reconciled } from './deployer.ts'
import { smallestChange } from './dynamo/change.ts'
import { checkFits } from './dynamo/check-config.ts'
import { type DynamoSite, designsOf, frontendCommand, namespaceOf } from './dynamo/commands.ts'
import { differences, registeredWorkers } from './dynamo/discovery.ts'
import { processFailure } from './dynamo/failure.ts'
import { type Infrastructure, openInfrastructure } from './dynamo/infrastructure.ts'
import { misfitOn } from './dynamo/placement.ts'
import { previewDynamo } from './dynamo/preview.ts'
import { type Awaited, completionsCameBack, frontendUp, workersRegistered } from './dynamo/readiness.ts'
import { startWorker, type Worker } from './dynamo/worker.ts'
import type { NodesOf } from './nodes/create.ts'
import { thisMachine } from './nodes/nodes.ts'
import { freePort, requireFreePort } from './ports.ts'

/** Where a deployer works. */
export interface DynamoPlace {
  readonly model: string
  /** Logs and engine files go into its `deploy` folder. */
  readonly runFolder: string
  readonly ledger: ProcessLedger
}

interface Frontend {
  readonly process: RunningProcess
  readonly url: string
}

/** Everything that runs. */
interface Site extends DynamoSite {
  readonly infrastructure: Infrastructure
}

/** Log lines of a dead process in what `check` says. */
const shortLog = 3

/** A worker finishes open requests first; the sweep has none open when it redeploys. */
const workerGraceMs = 20_000
/** A worker that is replaced because something failed has nothing worth finishing. */
const unfitGraceMs = 3_000

/**
 * Dynamo 1.x, changed by the smallest step: NATS, etcd and the frontend as processes on this machine, workers on `nodes`.
 * @param nodesOf this machine, unless told otherwise
 */
export function dynamoDeployer(
  config: DynamoConfig,
  place: DynamoPlace,
  nodesOf: NodesOf = namespace => thisMachine(config, namespace),
): Deployer {
  const folder = resolve(place.runFolder, 'deploy')
  const logFolder = join(folder, 'logs')
  const namespace = `fulcrum-${randomBytes(4).toString('hex')}`
  const nodes = nodesOf(namespace, logFolder)
  const fileFolder = nodes.fileFolder ?? folder
  let site: Site | null = null
  let frontend: Frontend | null = null
  let workers: readonly Worker[] = []
  /** What the last reconcile asked for; null while nothing is up or the last one failed half-way. */
  let serving: Deployment | null = null
  const lastLogs = new Map<string, RunningProcess>()
  const closing = new AbortController()
  /** The change under way: what it still starts would be missed if closing did not wait for it. */
  let changing: Promise<unknown> = Promise.resolve()

  async function openSite(signal: AbortSignal): Promise<Site> {
    const infrastructure = await openInfrastructure(config, { logFolder, ledger: place.ledger }, signal)
    const { natsUrl, etcdUrl } = infrastructure
    return { config, model: place.model, folder: fileFolder, namespace, natsUrl, etcdUrl, infrastructure }
  }

  async function startFrontend(here: Site, context: DeployContext): Promise<Frontend> {
    const port = config.httpPort ?? (await freePort())
    await requireFreePort(port, 'frontend')
    const { argv, env } = frontendCommand(here, port, nodes.reach(null))
    const logFile = join(logFolder, 'frontend.log')
    const process = await startProcess({ name: 'frontend', argv, env, cwd: resolve('.'), logFile }, place.ledger)
    lastLogs.set('frontend', process)
    context.onEvent({ kind: 'start', what: 'frontend', pid: process.pid })
    return { process, url: `http://127.0.0.1:${port}` }
  }

  async function stopWorkers(gone: readonly Worker[], graceMs: number, context: DeployContext): Promise<void> {
    workers = workers.filter(worker => !gone.includes(worker))
    await Promise.all(
      gone.map(async ({ name, role, host, process }) => {
        context.onEvent({ kind: 'stop', what: name, role, pid: process.pid })
        // On another machine only its own guard can kill it, and that takes its time.
        await process.stop(host === null ? graceMs : workerGraceMs)
      }),
    )
  }

  async function stopFrontend(): Promise<void> {
    await frontend?.process.stop()
    frontend = null
  }

  async function change(wanted: Deployment, context: DeployContext): Promise<Omit<Reconciled, 'elapsedS'>> {
    const startedAtMs = performance.now()
    const label = topologyLabel(wanted.topology)
    await nodes.open(context)
    site ??= await openSite(context.signal)
    const here = site
    const { discoveryLost } = await here.infrastructure.repair(context.signal)
    const startAnew = discoveryLost || serving === null
    const unfit = startAnew ? workers : workers.filter(worker => !worker.process.alive())
    serving = null
    // A frontend that alone died is started again below, and finds the workers that still run.
    if (startAnew || frontend?.process.alive() === false) await stopFrontend()
    await stopWorkers(unfit, unfitGraceMs, context)

    const designs = designsOf(here, wanted)
    const { keep, stop, start } = smallestChange(workers, wanted, designs, nodes.hosts())
    frontend ??= await startFrontend(here, context)
    const front = frontend
    const awaited: Awaited = {
      url: front.url,
      namespace: namespaceOf(here),
      deadline: { limitS: config.readyTimeoutS, startedAtMs },
      context,
      label,
    }
    if (stop.length + unfit.length > 0) {
      await Promise.all([stopWorkers(stop, workerGraceMs, context), frontendUp(front.process, awaited)])
      // A worker that was killed stays in discovery until its lease runs out: counted, it would pass for a new one.
      await workersRegistered(keep, front.process, awaited)
    }
    for (const slot of start) {
      const design = designs[slot.role]
      if (design === undefined) continue
      context.signal.throwIfAborted()
      const worker = await startWorker(here, slot, design, nodes, { logFolder, ledger: place.ledger })
      workers = [...workers, worker]
      lastLogs.set(worker.name, worker.process)
      context.onEvent({ kind: 'start', what: worker.name, role: worker.role, pid: worker.process.pid })
    }
    await workersRegistered(workers, front.process, awaited)
    const endpoint = endpointOf(front, workers, place.model)
    await completionsCameBack(endpoint, workers, front.process, awaited)
    serving = wanted
    return { endpoint, workersStarted: start.length, workersStopped: stop.length + unfit.length }
  }

  return {
    reconcile: async (wanted, context) => {
      const misfit = checkFits(config, wanted) ?? misfitOn(nodes.hosts(), wanted)
      if (misfit !== null) {
        const label = topologyLabel(wanted.topology)
        throw new FulcrumError('bad-input', 'not-enough-gpus', `${label} does not fit: ${misfit}`)
      }
      const startMs = performance.now()
      const signal = AbortSignal.any([context.signal, closing.signal])
      const under = change(wanted, { ...context, signal })
      changing = under.catch(() => {})
      const done = await under
      const elapsedS = (performance.now() - startMs) / 1000
      context.onEvent({ kind: 'ready', what: topologyLabel(wanted.topology), elapsedS })
      return { ...done, elapsedS }
    },

    check: async signal => {
      if (site === null || frontend === null || serving === null) return ['nothing is deployed']
      const processes = [frontend.process, ...workers.map(worker => worker.process)]
      const dead = processes
        .filter(process => !process.alive())
        .map(process => processFailure(process, shortLog).message)
      const [infrastructure, unreachable] = await Promise.all([
        site.infrastructure.problems(signal),
        nodes.problems(signal),
      ])
      const found = [...unreachable, ...dead, ...infrastructure]
      if (found.length > 0) return found
      const limit = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
      const registered = await registeredWorkers(frontend.url, namespaceOf(site), limit).catch(() => null)
      signal.throwIfAborted()
      return registered === null ? ['the frontend does not answer'] : differences(registered, workers)
    },

    preview: (from, wanted) =>
      previewDynamo({ config, model: place.model, folder: fileFolder, namespace }, from, wanted, nodes),

    logs: () => Object.fromEntries([...lastLogs].map(([name, process]) => [name, process.lastLines()])),

    close: async () => {
      closing.abort(new Error('the deployer was closed'))
      await changing
      serving = null
      const leaving = workers
      workers = []
      await Promise.all([...leaving.map(worker => worker.process.stop(workerGraceMs)), stopFrontend()])
      await site?.infrastructure.close()
      site = null
      await nodes.close()
    },
  }
}

function endpointOf(frontend: Frontend, workers: readonly Worker[], model: string): Endpoint {
  const metricsUrls = Object.fromEntries(workers.map(worker => [worker.name, worker.metricsUrl]))
  return {
    url: frontend.url,
    model,
    dialect: 'dynamo-1',
    metricsUrls: { frontend: `${frontend.url}/metrics`, ...metricsUrls },
  }
}
