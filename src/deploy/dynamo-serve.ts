import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Deployment, type Endpoint, FulcrumError, topologyLabel } from '../point/index.ts'
import type { ProcessLedger } from '../process/ledger.ts'
import type { RunningProcess } from '../process/process.ts'
import type { DynamoServeConfig } from './config.ts'
import type { DeployContext, Deployer, Reconciled } from './deployer.ts'
import type { WorkerSlot } from './dynamo/change.ts'
import { type Infrastructure, openInfrastructure } from './dynamo/infrastructure.ts'
import { type Awaited, completionsCameBack } from './dynamo/readiness.ts'
import { isHead, smallestServeChange } from './dynamo-serve/change.ts'
import { serveAbilities } from './dynamo-serve/check.ts'
import { type ServeDesign, type ServeSite, serveDesigns } from './dynamo-serve/design.ts'
import { previewServe, serveCommand } from './dynamo-serve/preview.ts'
import { type ServeAwaited, serveFailure, workersListed } from './dynamo-serve/readiness.ts'
import { registrationDifferences, registrations } from './dynamo-serve/registry.ts'
import { type ServeProcess, startServe } from './dynamo-serve/service.ts'
import { problemLine } from './dynamo-serve/yaml-file.ts'
import { hostsHere } from './nodes/nodes.ts'
import { freePort, requireFreePort } from './ports.ts'

/** Where a deployer works. */
export interface ServePlace {
  readonly model: string
  /** Logs and copies of configurations go into its `deploy` folder. */
  readonly runFolder: string
  readonly ledger: ProcessLedger
}

interface Worker extends WorkerSlot {
  readonly part: ServeProcess
}

interface Site extends ServeSite {
  readonly httpPort: number
  readonly infrastructure: Infrastructure
}

/** Log lines of a dead process in what `check` says. */
const shortLog = 3
/** A worker finishes open requests first; the sweep has none open when it redeploys. */
const workerGraceMs = 20_000
/** A worker that is replaced because something failed has nothing worth finishing. */
const unfitGraceMs = 3_000

/**
 * Dynamo 0.3's `dynamo serve`, changed by the smallest step: NATS and etcd, a head that brings the frontend and the first
 * worker that writes tokens, and a process for each further worker. What a head brings stays with it: a worker beside it
 * comes and goes without it, other settings for its role start it anew.
 */
export function dynamoServeDeployer(config: DynamoServeConfig, place: ServePlace): Deployer {
  const folder = resolve(place.runFolder, 'deploy')
  const logFolder = join(folder, 'logs')
  let site: Site | null = null
  let workers: readonly Worker[] = []
  /** What the last reconcile asked for; null while nothing is up or the last one failed half-way. */
  let serving: Deployment | null = null
  const lastLogs = new Map<string, RunningProcess>()
  const closing = new AbortController()
  let changing: Promise<unknown> = Promise.resolve()

  async function openSite(signal: AbortSignal): Promise<Site> {
    const infrastructure = await openInfrastructure(config, { logFolder, ledger: place.ledger }, signal)
    const { natsUrl, etcdUrl } = infrastructure
    try {
      if (config.etcd !== undefined) await requireNoOthers(etcdUrl, signal)
      const httpPort = config.httpPort ?? (await freePort())
      return { config, model: place.model, folder, natsUrl, etcdUrl, httpPort, infrastructure }
    } catch (error) {
      await infrastructure.close()
      throw error
    }
  }

  /** Services register under fixed names: two deployments on one etcd would answer each other's requests. */
  async function requireNoOthers(etcdUrl: string, signal: AbortSignal): Promise<void> {
    const nobody = { before: new Set<string>(), kept: [], started: [] }
    const others = registrationDifferences(await registrations(etcdUrl, signal), nobody, config)
    if (others.length === 0) return
    throw new FulcrumError('environment', 'etcd-in-use', `Another deployment is registered: ${others.join(', ')}`, {
      where: etcdUrl,
      remedy: 'Stop it, or leave deploy.etcd and deploy.nats out to have some of its own started.',
    })
  }

  async function stop(gone: readonly Worker[], graceMs: number, context: DeployContext): Promise<void> {
    workers = workers.filter(worker => !gone.includes(worker))
    await Promise.all(
      gone.map(async ({ name, role, part }) => {
        context.onEvent({ kind: 'stop', what: name, role, pid: part.process.pid })
        await part.stop(graceMs)
      }),
    )
  }

  async function start(here: Site, slot: WorkerSlot, design: ServeDesign, context: DeployContext): Promise<void> {
    if (isHead(slot)) await requireFreePort(here.httpPort, 'frontend')
    for (const { path, content } of design.files) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    }
    const { argv, env } = serveCommand(here, slot, design, process.env.PATH ?? '')
    const logFile = join(logFolder, `${slot.name}.log`)
    const part = await startServe({ name: slot.name, argv, env, cwd: config.workdir, logFile }, place.ledger)
    workers = [...workers, { ...slot, part }]
    lastLogs.set(slot.name, part.process)
    context.onEvent({ kind: 'start', what: slot.name, role: slot.role, pid: part.process.pid })
  }

  async function change(wanted: Deployment, context: DeployContext): Promise<Omit<Reconciled, 'elapsedS'>> {
    const startedAtMs = performance.now()
    site ??= await openSite(context.signal)
    const here = site
    const { discoveryLost } = await here.infrastructure.repair(context.signal)
    const fit = await Promise.all(workers.map(({ part }) => part.fit()))
    const unfit = discoveryLost || serving === null ? workers : workers.filter((_, i) => fit[i] !== true)
    serving = null
    await stop(unfit, unfitGraceMs, context)

    const designs = serveDesigns(here, wanted)
    const step = smallestServeChange(workers, wanted, designs, hostsHere(config))
    await stop(step.stop, workerGraceMs, context)
    const before = new Set((await registrations(here.etcdUrl, context.signal)).map(({ key }) => key))
    for (const slot of step.start) {
      const design = designs[slot.role]
      if (design === undefined) continue
      context.signal.throwIfAborted()
      await start(here, slot, design, context)
    }
    const label = topologyLabel(wanted.topology)
    const deadline = { limitS: config.readyTimeoutS, startedAtMs }
    const listing: ServeAwaited = { config, etcdUrl: here.etcdUrl, deadline, context, label }
    const parts = workers.map(({ part }) => part)
    await workersListed({ before, kept: step.keep, started: step.start }, parts, listing)

    const endpoint = endpointOf(here)
    const front = workers.find(isHead)?.part.process
    if (front === undefined) throw new FulcrumError('failed', 'no-head', `${label} has no worker that writes tokens`)
    const awaited: Awaited = { url: endpoint.url, namespace: '', deadline, context, label }
    const answering = workers.map(({ role, part }) => ({ role, process: part.process }))
    await completionsCameBack(endpoint, answering, front, awaited)
    // Services that came up last are watched from here on.
    await Promise.all(parts.map(part => part.follow()))
    serving = wanted
    return { endpoint, workersStarted: step.start.length, workersStopped: step.stop.length + unfit.length }
  }

  function endpointOf({ httpPort }: Site): Endpoint {
    const url = `http://127.0.0.1:${httpPort}`
    return { url, model: place.model, dialect: 'dynamo-0.3', metricsUrls: { frontend: `${url}/metrics` } }
  }

  return {
    reconcile: async (wanted, context) => {
      requireFit(config, wanted)
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
      if (site === null || serving === null) return ['nothing is deployed']
      const fit = await Promise.all(workers.map(({ part }) => part.fit()))
      const dead = workers.filter((_, i) => fit[i] !== true).map(({ part }) => serveFailure(part, shortLog).message)
      const broken = await site.infrastructure.problems(signal)
      if (dead.length + broken.length > 0) return [...broken, ...dead]
      const listed = await registrations(site.etcdUrl, signal).catch(() => null)
      if (listed === null) return ['etcd does not answer']
      const before = new Set(listed.map(({ key }) => key))
      return registrationDifferences(listed, { before, kept: workers, started: [] }, config)
    },

    preview: (from, wanted) => previewServe({ config, model: place.model, folder }, from, wanted),

    logs: () => Object.fromEntries([...lastLogs].map(([name, process]) => [name, process.lastLines()])),

    close: async () => {
      closing.abort(new Error('the deployer was closed'))
      await changing
      serving = null
      const leaving = workers
      workers = []
      await Promise.all(leaving.map(({ part }) => part.stop(workerGraceMs)))
      await site?.infrastructure.close()
      site = null
    },
  }
}

/** @throws FulcrumError bad-input `not-enough-gpus` or `dynamo-serve-config-invalid` */
function requireFit(config: DynamoServeConfig, wanted: Deployment): void {
  const misfit = serveAbilities(config).misfit(wanted)
  if (misfit === null) return
  const label = topologyLabel(wanted.topology)
  if (typeof misfit === 'string') {
    throw new FulcrumError('bad-input', 'not-enough-gpus', `${label} does not fit: ${misfit}`)
  }
  const line = misfit.at === undefined ? misfit.problem : problemLine({ ...misfit.at, problem: misfit.problem })
  throw new FulcrumError('bad-input', 'dynamo-serve-config-invalid', line)
}
