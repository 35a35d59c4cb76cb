import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type Asking, askingByDefault, probe } from '../../generators/probe.ts'
import { type Deployment, type Endpoint, FulcrumError, topologyLabel } from '../../model/index.ts'
import { type RunningProcess, startProcess } from '../../process/process.ts'
import { smallestChange } from '../change.ts'
import type { DeployerOptions } from '../context.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { Deployer } from '../deployer.ts'
import { differences, hasSurplus, registeredWorkers, surplusInWords } from '../discovery.ts'
import { processFailure } from '../failure.ts'
import type { NodesOf } from '../nodes/create.ts'
import { thisMachine } from '../nodes/nodes.ts'
import { misfitOn } from '../nodes/placement.ts'
import { misfitUnder } from '../nodes/room.ts'
import { premisesOf, setupOnInfrastructure } from '../own-system.ts'
import { freePort, requireFreePort } from '../ports.ts'
import { type AwaitedWorkers, completionsCameBack, frontendUp, leftMs, workersRegistered } from '../readiness.ts'
import { type Rollout, type Steps, type System, shortLog, stepwise } from '../stepwise.ts'
import { designFor } from '../worker-design.ts'
import { type DynamoSetup, designsOf, frontendCommand, frontendSignature, namespaceOf } from './commands.ts'
import type { DynamoConfig } from './config.ts'
import { askFrontendOptions, unknownToFrontend } from './frontend-options.ts'
import { prefillTakesPart, requestsTakenUp } from './prefill-part.ts'
import { previewDynamo } from './preview.ts'
import { startWorker, type Worker } from './worker.ts'

interface Frontend {
  /** Identifies how it was started, except its port. */
  readonly signature: string
  readonly process: RunningProcess
  readonly url: string
}

/**
 * Dynamo 1.x, changed in minimal steps: NATS, etcd and the frontend as processes on this machine, workers on `nodes`.
 * @param nodesOf default: this machine
 */
export function dynamoDeployer(
  config: DynamoConfig,
  options: DeployerOptions & Partial<ConfigOf<DynamoConfig>>,
  nodesOf: NodesOf = namespace => thisMachine(config, namespace),
): Deployer {
  return stepwise(dynamoSystem(config, options, nodesOf))
}

function dynamoSystem(
  config: DynamoConfig,
  options: DeployerOptions & Partial<ConfigOf<DynamoConfig>>,
  nodesOf: NodesOf,
): System<Worker> {
  const namespace = `fulcrum-${randomBytes(4).toString('hex')}`
  const premises = premisesOf(options, namespace, nodesOf)
  const { nodes, logFolder, fileFolder, ledger } = premises
  const { model, ask = askingByDefault } = options
  const opened = setupOnInfrastructure(
    config,
    premises,
    async (urls): Promise<DynamoSetup> => ({ config, model, folder: fileFolder, namespace, ...urls }),
  )
  const configOf = (wanted: Deployment) => options.configOf?.(wanted) ?? config
  /** The opened setup with the configuration of a deployment's variant. */
  const setupOf = (wanted: Deployment): DynamoSetup => ({ ...opened.setup(), config: configOf(wanted) })
  let frontend: Frontend | null = null
  /** Namespace of the current deployment. */
  let servedNamespace = namespace

  /** Frontend of a variant; reuses the running one if it was started in the same way. */
  async function frontendFor(setup: DynamoSetup, rollout: Rollout): Promise<Frontend> {
    const signature = frontendSignature(setup, nodes.reach(null))
    if (frontend !== null && frontend.signature !== signature) {
      rollout.context.onEvent({ kind: 'stop', what: 'frontend', pid: frontend.process.pid })
      await stopFrontend()
    }
    frontend ??= await startFrontend(setup, signature, rollout)
    servedNamespace = namespaceOf(setup)
    return frontend
  }

  async function startFrontend(setup: DynamoSetup, signature: string, rollout: Rollout): Promise<Frontend> {
    await requireKnownArguments(setup.config)
    const port = config.http_port ?? (await freePort())
    await requireFreePort(port, 'frontend')
    const { argv, env } = frontendCommand(setup, port, nodes.reach(null))
    const logFile = join(logFolder, 'frontend.log')
    const process = await startProcess({ name: 'frontend', argv, env, cwd: resolve('.'), logFile }, ledger)
    rollout.started(process)
    return { signature, process, url: `http://127.0.0.1:${port}` }
  }

  async function stopFrontend(): Promise<void> {
    await frontend?.process.stop()
    frontend = null
  }

  return {
    readyTimeoutS: config.ready_timeout,
    nodes,

    requireFit: wanted => {
      const unplaced = misfitOn(nodes.named, wanted)
      if (unplaced === null) return
      const misfit = (config.gpus === undefined ? null : misfitUnder(config, wanted)?.wrong) ?? unplaced
      const label = topologyLabel(wanted.topology)
      throw new FulcrumError('bad-input', 'not-enough-gpus', `${label} does not fit: ${misfit}`)
    },

    open: async ({ signal }, anew) => {
      const discoveryLost = await opened.open(signal)
      // If only the frontend ended, the next step restarts it, and it finds the running workers.
      if (discoveryLost || anew || frontend?.process.alive() === false) await stopFrontend()
      return discoveryLost || anew
    },

    steps: (wanted, rollout): Steps<Worker> => {
      const setup = setupOf(wanted)
      const designs = designsOf(setup, wanted)
      const front = async () => {
        const { process, url } = await frontendFor(setup, rollout)
        const awaited: AwaitedWorkers = { ...rollout, ask, url, namespace: namespaceOf(setup) }
        return { process, url, awaited }
      }
      return {
        change: running => smallestChange(running, wanted, designs, nodes.hosts()),
        makeWay: async (staying, leaving) => {
          const { process, awaited } = await front()
          if (leaving === null) return
          await Promise.all([leaving, frontendUp(process, awaited)])
          // A killed worker stays in discovery until its lease expires, and would otherwise count as a new one.
          await workersRegistered(staying, process, awaited)
        },
        start: slot => startWorker(setup, slot, designFor(designs, slot.role), nodes, premises),
        answered: async workers => {
          const { process, url, awaited } = await front()
          await workersRegistered(workers, process, awaited)
          const endpoint = endpointOf(url, workers, model)
          await completionsCameBack(endpoint, workers, process, awaited)
          await prefillTookPart(endpoint, workers, rollout, ask)
          return endpoint
        },
      }
    },

    processes: () => [...(frontend === null ? [] : [frontend.process]), ...(opened.infrastructure()?.processes ?? [])],

    problems: async signal => {
      const front = frontend?.process
      const dead = front?.alive() === false ? [processFailure(front, shortLog).message] : []
      return [...dead, ...((await opened.infrastructure()?.problems(signal)) ?? [])]
    },

    differences: async (workers, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
      const registered =
        frontend === null ? null : await registeredWorkers(frontend.url, servedNamespace, limit).catch(() => null)
      signal.throwIfAborted()
      if (registered === null) return ['the frontend does not answer']
      const found = differences(registered, workers)
      return hasSurplus(registered, workers) ? [...found, ...(await surplusInWords(registered, limit)).words] : found
    },

    preview: (from, wanted) =>
      previewDynamo({ config, configOf, model, folder: fileFolder, namespace }, from, wanted, nodes),

    close: async leaving => {
      await Promise.all([leaving, stopFrontend()])
      await opened.close()
    },
  }
}

/**
 * Long enough for a frontend to notice its prefill workers. The validity of each point is checked as well, so there is
 * no need to wait longer.
 */
const prefillPatienceMs = 30_000

async function prefillTookPart(
  endpoint: Endpoint,
  workers: readonly Worker[],
  rollout: Rollout,
  ask: Asking,
): Promise<void> {
  const pages = workers
    .filter(({ role }) => role === 'prefill')
    .flatMap(({ metricsUrls }) => Object.values(metricsUrls))
  const left = leftMs(rollout.deadline)
  if (pages.length === 0 || left <= 0) return
  const sight = {
    probe: (signal: AbortSignal) => probe(endpoint, { signal, timeoutMs: left, ...ask }),
    takenUp: (signal: AbortSignal) => requestsTakenUp(pages, signal),
  }
  await prefillTakesPart(sight, Math.min(left, prefillPatienceMs), rollout.context.signal)
}

function endpointOf(url: string, workers: readonly Worker[], model: string): Endpoint {
  const metricsUrls = Object.assign({}, ...workers.map(worker => worker.metricsUrls)) as Endpoint['metricsUrls']
  return { url, model, dialect: 'dynamo-1', metricsUrls: { frontend: `${url}/metrics`, ...metricsUrls } }
}

/** @throws FulcrumError bad-input `frontend-argument-unknown` before the frontend starts */
async function requireKnownArguments(config: DynamoConfig): Promise<void> {
  if (Object.keys(config.frontend_args).length === 0) return
  const [first] = unknownToFrontend(config, await askFrontendOptions(config))
  if (first === undefined) return
  throw new FulcrumError('bad-input', 'frontend-argument-unknown', `deploy.frontend_args: ${first.wrong}`, {
    where: config.python,
    remedy: `${first.remedy[0]?.toUpperCase()}${first.remedy.slice(1)}.`.replace('?.', '?'),
  })
}
