import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type Asking, askingByDefault } from '../../generators/probe.ts'
import { type Deployment, type Endpoint, FulcrumError, topologyLabel } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import type { WorkerSlot } from '../change.ts'
import type { Deployer } from '../deployer.ts'
import { type Infrastructure, openInfrastructure } from '../infrastructure.ts'
import type { NodesOf } from '../nodes/create.ts'
import { requireSilentPort } from '../nodes/head.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import { freePort, requireFreePort } from '../ports.ts'
import { completionsCameBack } from '../readiness.ts'
import { type Steps, type System, stepwise } from '../stepwise.ts'
import { isHead, smallestServeChange } from './change.ts'
import { serveCapabilities } from './check.ts'
import type { DynamoServeConfig } from './config.ts'
import { type ServeSite, serveDesigns } from './design.ts'
import { groupsOf, type LeaseGroup, leasesOfEnded, remaining } from './leases.ts'
import { previewServe } from './preview.ts'
import { type ServeAwaited, workersListed } from './readiness.ts'
import { registrationDifferences, registrations, revokeLease } from './registry.ts'
import { serviceOf } from './service-file.ts'
import { type ServeWorker, startServeWorker } from './worker.ts'
import { problemLine } from './yaml-file.ts'

/** Where a deployer works. */
export interface ServePlace {
  readonly model: string
  /** Logs and copies of configurations go into its `deploy` folder. */
  readonly runFolder: string
  readonly ledger: ProcessLedger
  /** How the load will ask; streamed chat when absent. */
  readonly ask?: Asking
}

/** What the workers stand on. */
interface Site extends ServeSite {
  readonly httpPort: number
  readonly infrastructure: Infrastructure
}

/**
 * Dynamo 0.3's `dynamo serve`, changed by the smallest step: NATS and etcd, a head that brings the frontend and the
 * first worker that writes tokens, and a process for each further worker. What a head brings stays with it: a worker
 * beside it comes and goes without it, other settings for its role start it anew.
 * @param nodesOf this machine, unless told otherwise
 */
export function dynamoServeDeployer(
  config: DynamoServeConfig,
  place: ServePlace,
  nodesOf: NodesOf = namespace => thisMachine(config, namespace),
): Deployer {
  return stepwise(serveSystem(config, place, nodesOf))
}

function serveSystem(config: DynamoServeConfig, place: ServePlace, nodesOf: NodesOf): System<ServeWorker> {
  const folder = resolve(place.runFolder, 'deploy')
  const logFolder = join(folder, 'logs')
  const nodes = nodesOf(`fulcrum-${randomBytes(4).toString('hex')}`, logFolder)
  const fileFolder = nodes.fileFolder ?? folder
  let site: Site | null = null
  let groups: readonly LeaseGroup<ServeWorker>[] = []

  async function openSite(signal: AbortSignal): Promise<Site> {
    const infrastructure = await openInfrastructure(config, { logFolder, ledger: place.ledger }, signal)
    const { natsUrl, etcdUrl } = infrastructure
    try {
      if (config.etcd !== undefined) await requireNoOthers(config, etcdUrl, signal)
      const httpPort = config.http_port ?? (await freePort())
      return { config, model: place.model, folder: fileFolder, natsUrl, etcdUrl, httpPort, infrastructure }
    } catch (error) {
      await infrastructure.close()
      throw error
    }
  }

  const opened = (): Site => {
    if (site === null) throw new Error('a change goes on what was opened')
    return site
  }

  return {
    readyTimeoutS: config.ready_timeout,
    nodes,
    requireFit: wanted => requireFit(config, wanted),

    open: async ({ signal }, anew) => {
      site ??= await openSite(signal)
      const { discoveryLost } = await site.infrastructure.repair(signal)
      return discoveryLost || anew
    },

    steps: (wanted, course): Steps<ServeWorker> => {
      const here = opened()
      const designs = serveDesigns(here, wanted)
      const { signal } = course.context
      let before: ReadonlySet<string> = new Set()
      return {
        change: running => smallestServeChange(running, wanted, designs, nodes.hosts()),
        makeWay: async (staying, leaving) => {
          await leaving
          // Dynamo 0.3.1 leaves its leases behind when it is told to end; elsewhere it may not have ended.
          const hasEnded = (worker: ServeWorker) => worker.host === null && !staying.includes(worker)
          for (const lease of leasesOfEnded(groups, hasEnded)) await revokeLease(here.etcdUrl, lease, signal)
          before = new Set((await registrations(here.etcdUrl, signal)).map(({ key }) => key))
        },
        start: async slot => {
          const design = designs[slot.role]
          if (design === undefined) throw new Error(`no design for ${slot.role} workers`)
          if (isHead(slot)) await requireFrontendPort(slot, here, nodes)
          return startServeWorker(here, slot, design, nodes, { logFolder, ledger: place.ledger })
        },
        answered: async (workers, { keep, start }) => {
          const listing: ServeAwaited = { ...course, config, etcdUrl: here.etcdUrl }
          await workersListed({ before, kept: keep, started: start }, workers, listing)
          const listed = await registrations(here.etcdUrl, signal)
          const isKept = (worker: ServeWorker) => keep.includes(worker)
          const started = workers.filter(worker => !isKept(worker))
          const fresh = listed.filter(({ key }) => !before.has(key))
          groups = [
            ...remaining(groups, worker => !isKept(worker), listed),
            ...groupsOf(started, fresh, ({ role }) => serviceOf(config, role)),
          ]
          const head = workers.find(isHead)
          if (head === undefined) {
            throw new FulcrumError('failed', 'no-head', `${course.label} has no worker that writes tokens`)
          }
          const endpoint = endpointAt(nodes.reach(head.host).address, here, place.model)
          await completionsCameBack(endpoint, workers, head.process, {
            ...course,
            url: endpoint.url,
            ask: place.ask ?? askingByDefault,
          })
          // Services that came up last are watched from here on.
          await Promise.all(workers.map(worker => worker.follow()))
          return endpoint
        },
      }
    },

    processes: () => site?.infrastructure.processes ?? [],

    problems: signal => opened().infrastructure.problems(signal),

    differences: async (workers, signal) => {
      const listed = await registrations(opened().etcdUrl, signal).catch(() => null)
      if (listed === null) return ['etcd does not answer']
      const before = new Set(listed.map(({ key }) => key))
      return registrationDifferences(listed, { before, kept: workers, started: [] }, config)
    },

    preview: (from, wanted) => previewServe({ config, model: place.model, folder: fileFolder }, from, wanted, nodes),

    close: async leaving => {
      await leaving
      await site?.infrastructure.close()
      site = null
    },
  }
}

/** The port was free on this machine when it was chosen; where the frontend will run, it has to be free now. */
async function requireFrontendPort({ host }: WorkerSlot, { httpPort }: Site, nodes: Nodes): Promise<void> {
  if (host === null) await requireFreePort(httpPort, 'frontend')
  else await requireSilentPort(nodes.reach(host).address, httpPort, 'frontend')
}

function endpointAt(address: string, { httpPort }: Site, model: string): Endpoint {
  const url = `http://${address}:${httpPort}`
  return { url, model, dialect: 'dynamo-0.3', metricsUrls: { frontend: `${url}/metrics` } }
}

/** Services register under fixed names: two deployments on one etcd would answer each other's requests. */
async function requireNoOthers(config: DynamoServeConfig, etcdUrl: string, signal: AbortSignal): Promise<void> {
  const nobody = { before: new Set<string>(), kept: [], started: [] }
  const others = registrationDifferences(await registrations(etcdUrl, signal), nobody, config)
  if (others.length === 0) return
  throw new FulcrumError('environment', 'etcd-in-use', `Another deployment is registered: ${others.join(', ')}`, {
    where: etcdUrl,
    remedy: 'Stop it, or leave deploy.etcd and deploy.nats out to have some of its own started.',
    retryable: true,
  })
}

/** @throws FulcrumError bad-input `not-enough-gpus` or `dynamo-serve-config-invalid` */
function requireFit(config: DynamoServeConfig, wanted: Deployment): void {
  const misfit = serveCapabilities(config).misfit(wanted)
  if (misfit === null) return
  const label = topologyLabel(wanted.topology)
  if (misfit.at === undefined) {
    throw new FulcrumError('bad-input', 'not-enough-gpus', `${label} does not fit: ${misfit.wrong}`)
  }
  const line = problemLine({ ...misfit.at, wrong: misfit.wrong, right: misfit.remedy })
  throw new FulcrumError('bad-input', 'dynamo-serve-config-invalid', line)
}
