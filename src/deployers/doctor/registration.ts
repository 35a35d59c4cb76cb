import { defined, type Role, roles, rolesOf, type Topology, topologyLabel, workersOf } from '../../model/index.ts'
import type { Exposition } from '../../telemetry/exposition.ts'
import { type Instance, registeredTwice } from '../discovery.ts'
import { type WorkerCard, workerCards } from '../dynamo/cards.ts'
import { type Check, missed, noticed, passed, type SaidOfEngines, type SweepNeeds } from './check.ts'

/** Requirements for a running system. */
export interface ExpectedWorkers {
  readonly topology: Topology
  readonly model?: string
  /** The longest sequence (ISL + OSL) and the highest concurrency of the load; null if unknown. */
  readonly longestTokens: number | null
  readonly concurrency: number | null
  /** The workers' settings in the sweep. */
  readonly engines?: SaidOfEngines
}

/** A sweep's requirements for a running system; null if the sweep has several deployments. */
export function expectedOf(needs: SweepNeeds): ExpectedWorkers | null {
  const { topologies = [], model, longestTokens = null, concurrency, engines = {} } = needs
  const [topology, ...more] = topologies
  if (topology === undefined || more.length > 0) return null
  return { topology, ...defined({ model }), longestTokens, concurrency, engines }
}

const limitMs = 5_000

const twiceRemedy =
  'A killed worker leaves discovery when its lease ends (10 s in Dynamo 1.4, 30 s in 1.6). If it stays, restart that worker: it gets more than its share of requests.'

/**
 * Checks that the frontend's discovery lists every worker in the right role. That list distinguishes only prefill
 * workers from others. etcd also distinguishes decode from aggregated workers ({@link checkCards}).
 * @param instances of `GET /health`
 */
export function judgeInstances(instances: readonly Instance[], expected: ExpectedWorkers, where: string): Check {
  const { topology } = expected
  const [twice] = registeredTwice(instances.flatMap(({ address }) => address ?? []))
  if (twice !== undefined) return missed('workers', twice, twiceRemedy, where)
  const wanted = {
    prefill: workersOf(topology, 'prefill'),
    serving: totalOf(topology) - workersOf(topology, 'prefill'),
  }
  const spaces = [...Map.groupBy(instances, ({ namespace }) => namespace)].map(([namespace, members]) => {
    const prefill = members.filter(member => member.prefill).length
    return { namespace, prefill, serving: members.length - prefill }
  })
  const fits = spaces.filter(({ prefill, serving }) => prefill === wanted.prefill && serving === wanted.serving)
  const label = topologyLabel(topology)
  if (fits.length > 0 && spaces.length === 1)
    return passed('workers', `${label} registered in ${spaces[0]?.namespace}`, where)
  const said = spaces.map(({ namespace, prefill, serving }) => `${namespace}: ${prefill} prefill, ${serving} other`)
  if (fits.length > 0) {
    const remedy = 'Start the frontend with --namespace, so that requests go to one deployment only.'
    return noticed('workers', `${label} is there among others (${said.join('; ')})`, remedy, where)
  }
  const serving = rolesOf(topology).find(role => role !== 'prefill') ?? 'decode'
  const lacking = `${label} wants ${wanted.prefill} prefill and ${wanted.serving} ${serving} workers`
  return missed(
    'workers',
    `${said.length === 0 ? 'none are registered' : said.join('; ')}; ${lacking}`,
    'Check the logs of the missing workers. A worker in the wrong role was started with another --disaggregation-mode. Or correct the topology.',
    where,
  )
}

/** Checks that the workers in an etcd are the expected ones, with the right roles and limits. */
export async function checkCards(etcdUrl: string, expected: ExpectedWorkers | null): Promise<readonly Check[]> {
  try {
    return judgeCards(await workerCards(etcdUrl, AbortSignal.timeout(limitMs)), expected, etcdUrl)
  } catch (error) {
    const detail =
      error instanceof Error && error.name === 'ZodError'
        ? 'its entries are of another version of Dynamo'
        : 'it does not answer'
    return [
      missed(
        'registered workers',
        detail,
        'Correct the URL of etcd. Fulcrum reads the entries of Dynamo 1.4.',
        etcdUrl,
      ),
    ]
  }
}

/** Compares the workers registered in discovery with the expected ones. */
export function judgeCards(
  cards: readonly WorkerCard[],
  expected: ExpectedWorkers | null,
  where: string,
): readonly Check[] {
  const twice = registeredTwice(cards.flatMap(({ address }) => address ?? []))
  if (expected !== null && twice.length > 0)
    return twice.map(detail => missed('registered workers', detail, twiceRemedy, where))
  const said = [...Map.groupBy(cards, ({ namespace }) => namespace)].map(([namespace, members]) =>
    describe(namespace, members),
  )
  if (expected === null) {
    if (cards.length === 0) return [passed('registered workers', 'none yet', where)]
    const remedy =
      'They belong to somebody else. A separate namespace keeps a run apart from them, but their load continues.'
    return [noticed('registered workers', said.join('; '), remedy, where)]
  }
  const counted = (members: readonly WorkerCard[]) =>
    roles.map(role => members.filter(card => card.role === role).length)
  const wanted = roles.map(role => workersOf(expected.topology, role)).join()
  const mine = [...Map.groupBy(cards, ({ namespace }) => namespace).values()].find(
    members => counted(members).join() === wanted,
  )
  if (mine === undefined) {
    const lacking = roles.flatMap((role, i) => (counted(cards)[i] === workersOf(expected.topology, role) ? [] : [role]))
    return [
      missed(
        'registered workers',
        `${said.length === 0 ? 'none' : said.join('; ')}; ${topologyLabel(expected.topology)} is wanted`,
        `Check the logs of the ${lacking.join(' and ')} workers. Their role is set by --disaggregation-mode. Or correct the topology.`,
        where,
      ),
    ]
  }
  return [
    passed('registered workers', describe(mine[0]?.namespace ?? '', mine), where),
    ...judgeLimits(mine, expected, where),
  ]
}

/**
 * Compares the frontend's metrics on its model's workers (`dynamo_frontend_model_…`, of one worker) with the sweep.
 * Used if no etcd is available.
 */
export function judgeModelMetrics({ samples }: Exposition, expected: ExpectedWorkers, where: string): readonly Check[] {
  const { model, topology } = expected
  const said = (metric: string): number | null => {
    const mine = samples.find(({ name, labels }) => name === metric && (model === undefined || labels.model === model))
    return mine === undefined || !(mine.value > 0) ? null : mine.value
  }
  const role = rolesOf(topology).find(one => one !== 'prefill') ?? 'decode'
  const worker: WorkerCard = {
    ...{ namespace: '', role, model: model ?? '', address: null },
    maxSequences: said('dynamo_frontend_model_max_num_seqs'),
    maxBatchedTokens: said('dynamo_frontend_model_max_num_batched_tokens'),
    contextLength: said('dynamo_frontend_model_context_length'),
  }
  return judgeLimits(
    Array.from({ length: workersOf(topology, role) }, () => worker),
    expected,
    where,
  )
}

function describe(namespace: string, members: readonly WorkerCard[]): string {
  const groups = roles.flatMap(role => {
    const alike = members.filter(card => card.role === role)
    if (alike.length === 0) return []
    const places = alike.flatMap(({ address }) => address ?? [])
    return `${alike.length} ${role}${places.length === 0 ? '' : ` (${places.join(', ')})`}`
  })
  return `${namespace}: ${groups.join(', ')}`
}

/** Checks the workers' own configuration against the sweep. */
function judgeLimits(cards: readonly WorkerCard[], expected: ExpectedWorkers, where: string): readonly Check[] {
  const { model, longestTokens, concurrency } = expected
  const strange = [
    ...new Set(cards.filter(card => model !== undefined && card.model !== model).map(card => card.model)),
  ]
  const serving = cards.filter(({ role }) => role !== 'prefill')
  const shortest = serving.flatMap(({ contextLength }) => contextLength ?? []).toSorted((a, b) => a - b)[0]
  const sequences = serving.map(({ maxSequences }) => maxSequences)
  const room = sequences.some(one => one === null) ? null : sequences.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  return [
    ...(strange.length === 0
      ? []
      : [
          missed(
            'worker configuration',
            `they serve ${strange.join(', ')}`,
            'Correct model.name, or the workers.',
            where,
          ),
        ]),
    ...otherwise(cards, expected.engines ?? {}).map(detail =>
      missed('worker configuration', detail, 'Correct the engine section to match what runs.', where),
    ),
    ...(shortest === undefined || longestTokens === null || longestTokens <= shortest
      ? []
      : [
          missed(
            'worker configuration',
            `their limit is ${shortest} tokens per sequence, but the sweep needs ${longestTokens}`,
            'Shorten the workloads, or raise the workers’ maximum sequence length.',
            where,
          ),
        ]),
    ...(room === null || concurrency === null || concurrency <= room
      ? []
      : [
          noticed(
            'worker configuration',
            `they decode ${room} sequences at once, but the sweep has a concurrency of ${concurrency}: the rest wait`,
            'Raise the workers’ batch size, unless the queue is what you measure.',
            where,
          ),
        ]),
  ]
}

/** Differences between the workers' settings and those of the sweep. */
function otherwise(cards: readonly WorkerCard[], engines: SaidOfEngines): readonly string[] {
  const differs = (role: Role, what: string, said: number | null, get: (card: WorkerCard) => number | null) => {
    const live = new Set(cards.filter(card => card.role === role).flatMap(card => get(card) ?? []))
    const others = [...live].filter(figure => figure !== said)
    return said === null || others.length === 0
      ? []
      : [`${role} workers process ${others.join(', ')} ${what}, but the sweep says ${said}`]
  }
  return Object.entries(engines).flatMap(([role, { batch, tokens }]) => [
    ...differs(role as Role, 'sequences at once', batch, card => card.maxSequences),
    ...differs(role as Role, 'tokens a step', tokens, card => card.maxBatchedTokens),
  ])
}

const totalOf = (topology: Topology): number =>
  rolesOf(topology).reduce((sum, role) => sum + workersOf(topology, role), 0)
