import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type Asking, askingByDefault, probe } from '../../generators/probe.ts'
import { type Endpoint, FulcrumError, topologyLabel } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import { type RunningProcess, startProcess } from '../../process/process.ts'
import { smallestChange } from '../change.ts'
import type { Deployer } from '../deployer.ts'
import { differences, registeredWorkers } from '../discovery.ts'
import { processFailure } from '../failure.ts'
import { type Infrastructure, openInfrastructure } from '../infrastructure.ts'
import type { NodesOf } from '../nodes/create.ts'
import { thisMachine } from '../nodes/nodes.ts'
import { misfitOn } from '../nodes/placement.ts'
import { misfitUnder } from '../nodes/room.ts'
import { freePort, requireFreePort } from '../ports.ts'
import { type AwaitedWorkers, completionsCameBack, frontendUp, leftMs, workersRegistered } from '../readiness.ts'
import { type Course, type Steps, type System, shortLog, stepwise } from '../stepwise.ts'
import { type DynamoSite, designsOf, frontendCommand, namespaceOf } from './commands.ts'
import type { DynamoConfig } from './config.ts'
import { prefillTakesPart, requestsTakenUp } from './prefill-part.ts'
import { previewDynamo } from './preview.ts'
import { startWorker, type Worker } from './worker.ts'

/** Where a deployer works. */
export interface DynamoPlace {
  readonly model: string
  /** Logs and engine files go into its `deploy` folder. */
  readonly runFolder: string
  readonly ledger: ProcessLedger
  /** How the load will ask; streamed chat when absent. */
  readonly ask?: Asking
}

interface Frontend {
  readonly process: RunningProcess
  readonly url: string
}

/** What the workers stand on. */
interface Site extends DynamoSite {
  readonly infrastructure: Infrastructure
}

/**
 * Dynamo 1.x, changed by the smallest step: NATS, etcd and the frontend as processes on this machine, workers on
 * `nodes`.
 * @param nodesOf this machine, unless told otherwise
 */
export function dynamoDeployer(
  config: DynamoConfig,
  place: DynamoPlace,
  nodesOf: NodesOf = namespace => thisMachine(config, namespace),
): Deployer {
  return stepwise(dynamoSystem(config, place, nodesOf))
}

function dynamoSystem(config: DynamoConfig, place: DynamoPlace, nodesOf: NodesOf): System<Worker> {
  const folder = resolve(place.runFolder, 'deploy')
  const logFolder = join(folder, 'logs')
  const namespace = `fulcrum-${randomBytes(4).toString('hex')}`
  const nodes = nodesOf(namespace, logFolder)
  const { ask = askingByDefault } = place
  const fileFolder = nodes.fileFolder ?? folder
  let site: Site | null = null
  let frontend: Frontend | null = null

  async function openSite(signal: AbortSignal): Promise<Site> {
    const infrastructure = await openInfrastructure(config, { logFolder, ledger: place.ledger }, signal)
    const { natsUrl, etcdUrl } = infrastructure
    return { config, model: place.model, folder: fileFolder, namespace, natsUrl, etcdUrl, infrastructure }
  }

  async function startFrontend(here: Site, course: Course): Promise<Frontend> {
    const port = config.http_port ?? (await freePort())
    await requireFreePort(port, 'frontend')
    const { argv, env } = frontendCommand(here, port, nodes.reach(null))
    const logFile = join(logFolder, 'frontend.log')
    const process = await startProcess({ name: 'frontend', argv, env, cwd: resolve('.'), logFile }, place.ledger)
    course.started(process)
    return { process, url: `http://127.0.0.1:${port}` }
  }

  async function stopFrontend(): Promise<void> {
    await frontend?.process.stop()
    frontend = null
  }

  const opened = (): Site => {
    if (site === null) throw new Error('a change goes on what was opened')
    return site
  }

  return {
    readyTimeoutS: config.ready_timeout,
    nodes,

    requireFit: wanted => {
      const misfit = misfitUnder(config, wanted)?.wrong ?? misfitOn(nodes.named, wanted)
      if (misfit === null) return
      const label = topologyLabel(wanted.topology)
      throw new FulcrumError('bad-input', 'not-enough-gpus', `${label} does not fit: ${misfit}`)
    },

    open: async ({ signal }, anew) => {
      site ??= await openSite(signal)
      const { discoveryLost } = await site.infrastructure.repair(signal)
      // A frontend that alone died is started again with the next step, and finds the workers that still run.
      if (discoveryLost || anew || frontend?.process.alive() === false) await stopFrontend()
      return discoveryLost || anew
    },

    steps: (wanted, course): Steps<Worker> => {
      const here = opened()
      const designs = designsOf(here, wanted)
      const front = async () => {
        frontend ??= await startFrontend(here, course)
        const awaited: AwaitedWorkers = { ...course, ask, url: frontend.url, namespace: namespaceOf(here) }
        return { ...frontend, awaited }
      }
      return {
        change: running => smallestChange(running, wanted, designs, nodes.hosts()),
        makeWay: async (staying, leaving) => {
          const { process, awaited } = await front()
          if (leaving === null) return
          await Promise.all([leaving, frontendUp(process, awaited)])
          // A worker that was killed stays in discovery until its lease runs out: counted, it would pass for a new one.
          await workersRegistered(staying, process, awaited)
        },
        start: async slot => {
          const design = designs[slot.role]
          if (design === undefined) throw new Error(`no design for ${slot.role} workers`)
          return startWorker(here, slot, design, nodes, { logFolder, ledger: place.ledger })
        },
        answered: async workers => {
          const { process, url, awaited } = await front()
          await workersRegistered(workers, process, awaited)
          const endpoint = endpointOf(url, workers, place.model)
          await completionsCameBack(endpoint, workers, process, awaited)
          await prefillTookPart(endpoint, workers, course, ask)
          return endpoint
        },
      }
    },

    processes: () => [...(frontend === null ? [] : [frontend.process]), ...(site?.infrastructure.processes ?? [])],

    problems: async signal => {
      const front = frontend?.process
      const dead = front?.alive() === false ? [processFailure(front, shortLog).message] : []
      return [...dead, ...(await opened().infrastructure.problems(signal))]
    },

    differences: async (workers, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
      const registered =
        frontend === null ? null : await registeredWorkers(frontend.url, namespaceOf(opened()), limit).catch(() => null)
      signal.throwIfAborted()
      return registered === null ? ['the frontend does not answer'] : differences(registered, workers)
    },

    preview: (from, wanted) =>
      previewDynamo({ config, model: place.model, folder: fileFolder, namespace }, from, wanted, nodes),

    close: async leaving => {
      await Promise.all([leaving, stopFrontend()])
      await site?.infrastructure.close()
      site = null
    },
  }
}

/**
 * Long enough for a frontend to notice its prefill workers, and no longer: the validity of each point is looked at as
 * well.
 */
const prefillPatienceMs = 30_000

async function prefillTookPart(
  endpoint: Endpoint,
  workers: readonly Worker[],
  course: Course,
  ask: Asking,
): Promise<void> {
  const pages = workers.filter(({ role }) => role === 'prefill').map(({ metricsUrl }) => metricsUrl)
  const left = leftMs(course.deadline)
  if (pages.length === 0 || left <= 0) return
  const sight = {
    probe: (signal: AbortSignal) => probe(endpoint, { signal, timeoutMs: left, ...ask }),
    takenUp: (signal: AbortSignal) => requestsTakenUp(pages, signal),
  }
  await prefillTakesPart(sight, Math.min(left, prefillPatienceMs), course.context.signal)
}

function endpointOf(url: string, workers: readonly Worker[], model: string): Endpoint {
  const metricsUrls = Object.fromEntries(workers.map(worker => [worker.name, worker.metricsUrl]))
  return { url, model, dialect: 'dynamo-1', metricsUrls: { frontend: `${url}/metrics`, ...metricsUrls } }
}
