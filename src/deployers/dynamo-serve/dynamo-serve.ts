import { randomBytes } from 'node:crypto'
import { askingByDefault } from '../../generators/probe.ts'
import { type Deployment, type Endpoint, FulcrumError, topologyLabel } from '../../model/index.ts'
import type { WorkerSlot } from '../change.ts'
import type { DeployerOptions } from '../context.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { Deployer } from '../deployer.ts'
import type { NodesOf } from '../nodes/create.ts'
import { requireSilentPort } from '../nodes/head.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import { premisesOf, setupOnInfrastructure } from '../own-system.ts'
import { freePort, requireFreePort } from '../ports.ts'
import { completionsCameBack } from '../readiness.ts'
import { type Steps, type System, stepwise } from '../stepwise.ts'
import { designFor } from '../worker-design.ts'
import { isHead, smallestServeChange } from './change.ts'
import { serveCapabilities } from './check.ts'
import type { DynamoServeConfig } from './config.ts'
import { type ServeSetup, serveDesigns } from './design.ts'
import { groupsOf, type LeaseGroup, leasesOfEnded, remaining } from './leases.ts'
import { previewServe } from './preview.ts'
import { type ServeAwaited, workersListed } from './readiness.ts'
import { type Registration, registrationDifferences, registrations, revokeLease } from './registry.ts'
import { serviceOf } from './service-file.ts'
import { natsOptions, type Registered, type StatisticsPages, statisticsPages } from './statistics-pages.ts'
import { type ServeWorker, startServeWorker } from './worker.ts'
import { problemLine } from './yaml-file.ts'

/** Inputs of commands, once the frontend's port is known. */
interface OpenServeSetup extends ServeSetup {
  readonly httpPort: number
}

/**
 * Dynamo 0.3's `dynamo serve`, changed in minimal steps. It consists of NATS and etcd, a head with the frontend and the
 * first worker that decodes, and one process for each further worker. Everything that a head starts stays with it; the
 * other workers start and stop independently. The head restarts when its role's settings change or a variant changes
 * the frontend, because Dynamo 0.3.1 passes one configuration to all services of a head when it starts them.
 * @param nodesOf default: this machine
 */
export function dynamoServeDeployer(
  config: DynamoServeConfig,
  options: DeployerOptions & Partial<ConfigOf<DynamoServeConfig>>,
  nodesOf: NodesOf = namespace => thisMachine(config, namespace),
): Deployer {
  return stepwise(serveSystem(config, options, nodesOf))
}

function serveSystem(
  config: DynamoServeConfig,
  options: DeployerOptions & Partial<ConfigOf<DynamoServeConfig>>,
  nodesOf: NodesOf,
): System<ServeWorker> {
  const premises = premisesOf(options, `fulcrum-${randomBytes(4).toString('hex')}`, nodesOf)
  const { nodes, fileFolder } = premises
  const { model, ask = askingByDefault } = options
  const opened = setupOnInfrastructure(config, premises, async (urls, signal): Promise<OpenServeSetup> => {
    if (config.etcd !== undefined) await requireNoOthers(config, urls.etcdUrl, signal)
    return { config, model, folder: fileFolder, httpPort: config.http_port ?? (await freePort()), ...urls }
  })
  const configOf = (wanted: Deployment) => options.configOf?.(wanted) ?? config
  let groups: readonly LeaseGroup<ServeWorker>[] = []
  let statistics: StatisticsPages | null = null

  return {
    readyTimeoutS: config.ready_timeout,
    nodes,
    requireFit: wanted => requireFit(configOf(wanted), wanted),

    open: async ({ signal }, anew) => (await opened.open(signal)) || anew,

    steps: (wanted, rollout): Steps<ServeWorker> => {
      const setup: OpenServeSetup = { ...opened.setup(), config: configOf(wanted) }
      const designs = serveDesigns(setup, wanted)
      const { signal } = rollout.context
      let before: ReadonlySet<string> = new Set()
      return {
        change: running => smallestServeChange(running, wanted, designs, nodes.hosts()),
        makeWay: async (staying, leaving) => {
          await leaving
          // Dynamo 0.3.1 leaves its leases behind when it stops. On another machine, it may still be running.
          const hasEnded = (worker: ServeWorker) => worker.host === null && !staying.includes(worker)
          for (const lease of leasesOfEnded(groups, hasEnded)) await revokeLease(setup.etcdUrl, lease, signal)
          before = new Set((await registrations(setup.etcdUrl, signal)).map(({ key }) => key))
        },
        start: async slot => {
          if (isHead(slot)) await requireFrontendPort(slot, setup, nodes)
          return startServeWorker(setup, slot, designFor(designs, slot.role), nodes, premises)
        },
        answered: async (workers, { keep, start }) => {
          const listing: ServeAwaited = { ...rollout, config, etcdUrl: setup.etcdUrl }
          await workersListed({ before, kept: keep, started: start }, workers, listing)
          const listed = await registrations(setup.etcdUrl, signal)
          const isKept = (worker: ServeWorker) => keep.includes(worker)
          const started = workers.filter(worker => !isKept(worker))
          const fresh = listed.filter(({ key }) => !before.has(key))
          groups = [
            ...remaining(groups, worker => !isKept(worker), listed),
            ...groupsOf(started, fresh, ({ role }) => serviceOf(config, role)),
          ]
          const head = workers.find(isHead)
          if (head === undefined) {
            throw new FulcrumError('failed', 'no-head', `${rollout.label} has no worker that writes tokens`)
          }
          const endpoint = endpointAt(nodes.reach(head.host).address, setup, model)
          await completionsCameBack(endpoint, workers, head.process, {
            ...rollout,
            url: endpoint.url,
            ask,
          })
          // Records the services that started last.
          await Promise.all(workers.map(worker => worker.follow()))
          statistics ??= statisticsPages(natsOptions(setup.natsUrl, { ...process.env, ...setup.config.env }))
          const pages = await statistics.pages(registeredWorkers(workers, groups, listed))
          return { ...endpoint, metricsUrls: { ...endpoint.metricsUrls, ...pages } }
        },
      }
    },

    processes: () => opened.infrastructure()?.processes ?? [],

    problems: async signal => (await opened.infrastructure()?.problems(signal)) ?? [],

    differences: async (workers, signal) => {
      const listed = await registrations(opened.setup().etcdUrl, signal).catch(() => null)
      if (listed === null) return ['etcd does not answer']
      const before = new Set(listed.map(({ key }) => key))
      return registrationDifferences(listed, { before, kept: workers, started: [] }, config)
    },

    preview: (from, wanted) => previewServe({ config, configOf, model, folder: fileFolder }, from, wanted, nodes),

    close: async leaving => {
      await Promise.all([leaving, statistics?.close()])
      await opened.close()
    },
  }
}

/** The port was free on this machine when it was chosen; it must now be free where the frontend will run. */
async function requireFrontendPort({ host }: WorkerSlot, { httpPort }: OpenServeSetup, nodes: Nodes): Promise<void> {
  if (host === null) await requireFreePort(httpPort, 'frontend')
  else await requireSilentPort(nodes.reach(host).address, httpPort, 'frontend')
}

/**
 * The registration of each worker. Nothing shows which of several workers that started together owns which
 * registration, so each gets one of theirs.
 */
function registeredWorkers(
  workers: readonly ServeWorker[],
  groups: readonly LeaseGroup<ServeWorker>[],
  listed: readonly Registration[],
): { readonly [source: string]: Registered } {
  const services = new Map(listed.map(({ lease, natsService }) => [lease, natsService]))
  const leases = new Map(groups.flatMap(group => group.workers.map(({ name }, i) => [name, group.leases[i]] as const)))
  const registered = workers.map(({ name }) => {
    const lease = leases.get(name)
    const natsService = lease === undefined ? undefined : services.get(lease)
    return [name, lease === undefined || natsService === undefined ? null : { lease, natsService }] as const
  })
  return Object.fromEntries(registered)
}

function endpointAt(address: string, { httpPort }: OpenServeSetup, model: string): Endpoint {
  const url = `http://${address}:${httpPort}`
  return { url, model, dialect: 'dynamo-0.3', metricsUrls: { frontend: `${url}/metrics` } }
}

/** Services register with fixed names, so two deployments on one etcd would answer each other's requests. */
async function requireNoOthers(config: DynamoServeConfig, etcdUrl: string, signal: AbortSignal): Promise<void> {
  const nobody = { before: new Set<string>(), kept: [], started: [] }
  const others = registrationDifferences(await registrations(etcdUrl, signal), nobody, config)
  if (others.length === 0) return
  throw new FulcrumError('environment', 'etcd-in-use', `Another deployment is registered: ${others.join(', ')}`, {
    where: etcdUrl,
    remedy: 'Stop it, or remove deploy.etcd and deploy.nats, so that Fulcrum starts its own.',
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
