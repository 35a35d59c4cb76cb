import type { Json, Role } from '../../model/index.ts'
import { largest, meanTokens, rolesOf, workersOf } from '../../model/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { beforeFirstToken, type LatencyGrowth, latencyGrowth, littlesLaw, readingShare } from './latency-growth.ts'
import { type RoleState, roleStates, serverMean, type WorkerLoad, workerLoads } from './role-state.ts'

/** Bottleneck of a deployment, the evidence for it, and what to try. */
export interface BottleneckFinding {
  readonly stage:
    | 'client'
    | 'prefill queueing'
    | 'KV memory'
    | 'KV transfer'
    | 'decode batch'
    | 'frontend'
    | 'router imbalance'
    | 'none shown'
    /** Evidence for more than one. */
    | 'undecided'
  /** Role that needs more workers; null if workers are not the bottleneck. */
  readonly role: Role | null
  /** Sentences with figures and units. */
  readonly evidence: readonly string[]
  /** What to try besides another number of workers; may be empty. */
  readonly next: string
}

/** Points for comparison; each is null if not measured. */
export interface Reference {
  /** The same deployment at its lightest load. */
  readonly lightest: MeasuredPoint | null
  /** Aggregated deployment of the same workload at its lightest load, which transfers no KV cache. */
  readonly aggregated: MeasuredPoint | null
}

/** Above this utilization, the generator thread itself may be what is measured. */
const busyClient = 0.8
/** Minimum share of the requests in flight that counts as a queue; it must also hold half a request per worker. */
const queueShare = 0.1
const queueLength = 0.5
/** Mean share of slots in use that counts as all, given the gaps between requests. */
const fullSlots = 0.9
/** Share of the KV cache that counts as all: engines keep a few blocks free, and scrapes miss the fullest moment. */
const fullCache = 0.97
/** Latencies above the first multiple of the lightest load's are slowed by load; those below the second are not. */
const slowed = 1.5
const notSlowed = 1.1
/**
 * Share of time spent on prompts above which reading them is an aggregated worker's bottleneck, wherever requests wait.
 */
const mostlyReading = 0.5
/** The same share for a prefill worker, which does nothing else, if prompts queue for it. */
const alwaysReading = 0.7
/** Utilization above which a pool limits throughput, wherever the latency shows. */
const fullReading = 0.9
/** Gauges of a shorter window, in s, reflect only a few moments. */
const fewScrapesS = 5
/** Multiple of the TTFT without a KV transfer, both without load, above which the transfer is the cause. */
const transferSlowed = 2

/**
 * Names the bottleneck of a point from the most direct to the least direct evidence: health of the client; queues at
 * workers and their reason (no room in the KV cache, no free slot, prompts to read); requests in transfer; requests at
 * no worker; a late first token even without load; and the part of the latency that grew with load. Accuracy where the
 * truth is known: docs/bench/tune.md.
 */
export function bottleneckAt(point: MeasuredPoint, { lightest, aggregated }: Reference): BottleneckFinding {
  const cpu = Math.max(0, ...point.valid.map(m => m.client.cpuShare ?? 0))
  const inFlight = Math.max(0, ...point.valid.map(m => m.client.inFlight?.mean ?? 0))
  const states = roleStates(point)
  const growth = latencyGrowth(point, lightest)
  const reading = readingShare(point, lightest)
  const byLatency = growthFinding(point, growth, reading, states, null)
  const found =
    (cpu > busyClient ? clientFinding(cpu) : null) ??
    imbalanceFinding(point, inFlight, beforeFirstToken(point) ?? inFlight) ??
    agreed(queueFinding(point, states, inFlight, beforeFirstToken(point) ?? inFlight, growth, reading), byLatency) ??
    transferFinding(point, inFlight) ??
    frontendFinding(point, states, inFlight) ??
    notAtWorkersFinding(point, states, inFlight) ??
    lateTokenFinding(lightest ?? point, aggregated) ??
    growthFinding(point, growth, reading, states, settingsLimit(point))
  const evidence = [...(growth === null ? [] : [growth.text]), ...littlesLaw(point), ...acceptedDrafts(point)]
  return { ...found, evidence: [...new Set([...found.evidence, ...evidence])] }
}

/** Gain from speculative decoding; empty if no worker reports it. */
function acceptedDrafts({ figures }: MeasuredPoint): string[] {
  const [rate, length] = [figures.spec_acceptance_rate?.mean, figures.spec_accepted_length?.mean]
  const said = [
    ...(rate === undefined ? [] : [`accepts ${percent(rate)} of the drafted tokens`]),
    ...(length === undefined ? [] : [`gives ${figure(length)} tokens a step`]),
  ]
  return said.length === 0 ? [] : [`Speculative decoding ${said.join(' and ')}.`]
}

/** Names no stage if queues and latencies point to different ones: scrapes of a short point reflect single moments. */
function agreed(queue: BottleneckFinding | null, growth: BottleneckFinding): BottleneckFinding | null {
  const isOpen = ({ stage }: BottleneckFinding) => stage === 'none shown' || stage === 'undecided'
  if (queue === null || isOpen(queue) || isOpen(growth) || growth.stage === queue.stage) return queue
  return {
    stage: 'undecided',
    role: null,
    evidence: [`Queues point to ${queue.stage}, latencies to ${growth.stage}.`, ...queue.evidence],
    next: '',
  }
}

function clientFinding(cpu: number): BottleneckFinding {
  return {
    stage: 'client',
    role: null,
    evidence: [`The load generator used ${percent(cpu)} of its CPU.`],
    next: 'Split the load with --shards before trusting these figures.',
  }
}

/** A worker holds this many times the requests of another of its role: chance alone spreads them more evenly. */
const uneven = 3
/** Share of the longest queue up to which a worker counts as having none. */
const noQueue = 0.1

/**
 * Requests that queue at one worker while another of its role has no queue and holds far fewer: more workers would not
 * help as long as the router does not choose them.
 */
function imbalanceFinding(point: MeasuredPoint, inFlight: number, beforeToken: number): BottleneckFinding | null {
  if (point.valid.some(({ durationS }) => durationS < fewScrapesS)) return null
  for (const role of rolesOf(point.deployment.topology)) {
    const workers = workerLoads(point, role)
    const heldBy = ({ waiting, running }: WorkerLoad) => waiting + running
    const byLoad = workers.toSorted((a, b) => heldBy(b) - heldBy(a))
    const [busiest, idlest] = [byLoad[0], byLoad.at(-1)]
    // A worker without a page may be the one that has room.
    if (busiest === undefined || idlest === undefined || workers.length < workersOf(point.deployment.topology, role))
      continue
    const queued = Math.min(busiest.waiting, beforeToken)
    const isQueue = busiest.waiting > queueLength && queued > queueShare * inFlight
    if (!isQueue || idlest.waiting > noQueue * busiest.waiting || heldBy(busiest) < uneven * heldBy(idlest)) continue
    const told = (worker: WorkerLoad) =>
      `${worker.source} had ${figure(worker.running)} running and ${figure(worker.waiting)} waiting`
    return {
      stage: 'router imbalance',
      role: null,
      evidence: [
        `Requests are spread unevenly over the ${role} workers: ${told(busiest)}, ${told(idlest)} on average.`,
      ],
      next: 'Check the router: its mode, the weight of prefix overlap, and session affinity. More workers do not help while it does not choose them.',
    }
  }
  return null
}

/**
 * Whether a role's KV cache has room for one more request: of the mean size of the running ones, or of their size at
 * the end, which some engines reserve. With free slots left, the latter is enough to explain a queue.
 */
function roomOf({ role, running, slots, cache }: RoleState, { workload }: MeasuredPoint, areSlotsInUse: boolean) {
  if (cache === null || running === 0) return { isFull: false, isFullGrown: false, text: '' }
  const share = cache.mean / running
  const [isl, osl] = [meanTokens(workload.isl), meanTokens(workload.osl)]
  const grown = role === 'prefill' ? share : (share * (isl + osl)) / (isl + osl / 2)
  const isFullGrown = cache.max + grown >= fullCache
  return {
    isFull: cache.max + share >= (areSlotsInUse ? 1 : fullCache) || (slots !== null && !areSlotsInUse && isFullGrown),
    isFullGrown,
    text: `The KV cache of ${role} workers was ${percent(cache.max)} full, with ${figure(running)} requests in it`,
  }
}

/** The role with the most waiting requests, and why they wait there. */
function queueFinding(
  point: MeasuredPoint,
  states: readonly RoleState[],
  inFlight: number,
  beforeToken: number,
  growth: LatencyGrowth | null,
  reading: number | null,
): BottleneckFinding | null {
  // Waiting requests have no token yet. Few scrapes of a short point can catch an untypical moment, so Little's law
  // limits the number.
  const held = (state: RoleState) => Math.min(state.waiting * state.workers, beforeToken)
  const queued = states
    .filter(state => state.waiting > queueLength && held(state) > queueShare * inFlight)
    .toSorted((a, b) => b.waiting * b.workers - a.waiting * a.workers)[0]
  if (queued === undefined) return null
  const { role, waiting, running, slots } = queued
  const said = `${figure(waiting)} requests waited at each ${role} worker on average.`
  const inUse = slots !== null && running >= fullSlots * slots
  const cache = roomOf(queued, point, inUse)
  if (cache.isFull)
    return {
      stage: 'KV memory',
      role,
      evidence: [`${cache.text}: no room for one more.`, said],
      next: 'Raising the KV cache’s share of memory helps too; more load only queues.',
    }
  if (role === 'decode' && slots === null && cache.isFullGrown)
    return {
      stage: 'undecided',
      role: null,
      evidence: [`${cache.text}: they may wait for its space, or for slots, whose number is unknown.`, said],
      next: '',
    }
  if (role !== 'prefill' && inUse)
    return {
      stage: 'decode batch',
      role,
      evidence: [`${figure(running)} of the ${slots} slots of each ${role} worker were in use on average.`, said],
      next: 'Raising max_batch_size helps too, while ITL allows it.',
    }
  if (role === 'decode')
    return {
      stage: 'decode batch',
      role,
      evidence: [said],
      next: 'Raising max_batch_size helps too, while ITL allows it.',
    }
  // One worker does both, so how it spends its time says more than where requests are seen to wait.
  if (role === 'aggregated' && growth !== null && growth.times >= slowed) return null
  if (role === 'aggregated' && slots === null && (reading ?? 0) < mostlyReading)
    return {
      stage: 'undecided',
      role: null,
      evidence: [said, 'They may wait for prompts to be read, or for slots, whose number is unknown.'],
      next: '',
    }
  return {
    stage: 'prefill queueing',
    role,
    evidence: [said],
    next: '',
  }
}

function transferFinding(point: MeasuredPoint, inFlight: number): BottleneckFinding | null {
  const transferring = serverMean(point, 'frontend', /transferring/)
  if (transferring === null || inFlight === 0 || transferring <= inFlight / 4) return null
  return {
    stage: 'KV transfer',
    role: null,
    evidence: [`${figure(transferring)} of ${figure(inFlight)} requests in flight were moving their KV cache.`],
    next: lookAtTransfer,
  }
}

const lookAtTransfer = 'Check the link between prefill and decode, and the cache transceiver’s backend.'

/** Requests that wait at the frontend without a first token, and that no worker reads or queues. */
function frontendFinding(
  point: MeasuredPoint,
  states: readonly RoleState[],
  inFlight: number,
): BottleneckFinding | null {
  const { topology } = point.deployment
  const reader: Role = topology.kind === 'aggregated' ? 'aggregated' : 'prefill'
  const queued = serverMean(point, 'frontend', /frontend_queued_requests/)
  const state = states.find(({ role }) => role === reader)
  if (queued === null || state === undefined || inFlight === 0) return null
  const stuck = queued - (state.running + state.waiting) * workersOf(topology, reader)
  if (stuck <= inFlight / 2) return null
  return {
    stage: 'frontend',
    role: null,
    evidence: [`${figure(stuck)} of ${figure(inFlight)} requests in flight had no first token and were at no worker.`],
    next: 'Look at the frontend’s CPU, or run a second one.',
  }
}

/**
 * By Little's law, this many requests have no first token. Those that are neither at a worker nor in transfer wait
 * before or between workers.
 */
function notAtWorkersFinding(
  point: MeasuredPoint,
  states: readonly RoleState[],
  inFlight: number,
): BottleneckFinding | null {
  const before = beforeFirstToken(point)
  const { topology } = point.deployment
  const transferring = topology.kind === 'aggregated' ? 0 : serverMean(point, 'frontend', /transferring/)
  if (before === null || transferring === null || states.length < rolesOf(topology).length) return null
  const atWorkers = states.reduce(
    // Requests running at a decode worker have their first token, or get it with the current step.
    (sum, { role, workers, running, waiting }) => sum + workers * (role === 'prefill' ? running + waiting : waiting),
    0,
  )
  // Some running requests of an aggregated worker still wait for their prompt to be read: all except those that
  // generate tokens.
  const reading = topology.kind === 'aggregated' ? Math.max(0, runningOf(states) - makingTokens(point)) : 0
  const stuck = before - atWorkers - reading - transferring
  const isShort = point.valid.some(({ durationS }) => durationS < fewScrapesS)
  if (stuck <= inFlight / 2 || isShort) return null
  return {
    stage: 'frontend',
    role: null,
    evidence: [
      `${figure(stuck)} of ${figure(inFlight)} requests in flight had no first token and were at no worker (Little's law).`,
    ],
    next: 'Look at the frontend’s CPU and the network before it, or run a second frontend.',
  }
}

const runningOf = (states: readonly RoleState[]) =>
  states.reduce((sum, { workers, running }) => sum + workers * running, 0)

/** Requests with a first token, by Little's law. */
function makingTokens({ figures }: MeasuredPoint): number {
  const [rate, ttft, latency] = [
    figures.request_throughput?.mean,
    figures.ttft_mean_ms?.mean,
    figures.request_latency_mean_ms?.mean,
  ]
  return rate === undefined || ttft === undefined || latency === undefined ? 0 : (rate * (latency - ttft)) / 1000
}

/** Without load nothing queues, so a first token that is later than without a transfer is delayed by the transfer. */
function lateTokenFinding(lightest: MeasuredPoint, aggregated: MeasuredPoint | null): BottleneckFinding | null {
  if (lightest.deployment.topology.kind === 'aggregated') return null
  const [own, other] = [lightest, aggregated].map(point => point?.figures.ttft_p50_ms?.mean)
  if (own === undefined || other === undefined || own < transferSlowed * other) return null
  return {
    stage: 'KV transfer',
    role: null,
    evidence: [
      `Even at its lightest load TTFT p50 is ${figure(own)} ms, against ${figure(other)} ms of an aggregated deployment, which moves no KV cache.`,
    ],
    next: lookAtTransfer,
  }
}

function growthFinding(
  point: MeasuredPoint,
  growth: LatencyGrowth | null,
  reading: number | null,
  states: readonly RoleState[],
  limit: SettingsLimit | null,
): BottleneckFinding {
  const { topology } = point.deployment
  if (growth === null || growth.times < notSlowed) return withoutGrowth(growth, states)
  if (growth.times < slowed)
    return undecided(
      `Load has added ${percent(growth.times - 1)} to the latency: too little to identify the bottleneck.`,
      growth,
    )
  const readingText = `Each ${topology.kind === 'aggregated' ? 'aggregated' : 'prefill'} worker spends ${percent(Math.min(1, reading ?? 0))} of its time on prefill (estimated from the request rate and the TTFT without load)`
  const isRead = topology.kind === 'aggregated' && reading !== null && reading >= mostlyReading
  const speaksForPrefill = isRead || growth.shareBeforeFirstToken >= 0.5
  if (limit !== null && (speaksForPrefill || limit.of === 'KV cache')) return undecided(limit.text, growth)
  if (isRead)
    return {
      stage: 'prefill queueing',
      role: 'aggregated',
      evidence: [`${readingText}; decoding waits for it.`, growth.text],
      next: '',
    }
  const isFull = topology.kind === 'disaggregated' && reading !== null && reading >= fullReading
  if (isFull && growth.shareBeforeFirstToken < 0.5)
    return undecided(
      `${readingText}, but most of the added latency came after the first token: either pool may be at its limit.`,
      growth,
    )
  if (growth.shareBeforeFirstToken < 0.5)
    return {
      stage: 'decode batch',
      role: topology.kind === 'aggregated' ? 'aggregated' : 'decode',
      evidence: [growth.text],
      next: '',
    }
  // Requests that wait for a slot or for cache space have no first token either.
  if (topology.kind === 'aggregated' || (reading !== null && reading < alwaysReading))
    return undecided(
      `${readingText}: too little to explain the wait. Requests may wait for a slot or for KV cache, which the servers' metrics would show.`,
      growth,
    )
  return { stage: 'prefill queueing', role: 'prefill', evidence: [growth.text], next: '' }
}

/** A worker setting that is too small for the requests in flight. */
interface SettingsLimit {
  readonly of: 'slots' | 'KV cache'
  readonly text: string
}

/**
 * Checks whether more requests are in flight than the workers' settings let run at once; null if the settings do not
 * say.
 */
function settingsLimit(point: MeasuredPoint): SettingsLimit | null {
  const { deployment, workload } = point
  const role: Role = deployment.topology.kind === 'aggregated' ? 'aggregated' : 'decode'
  const settings = deployment.engine[role] ?? {}
  const inFlight =
    largest(point.valid.map(({ client }) => client.inFlight?.mean ?? 0)) / workersOf(deployment.topology, role)
  const tokens = settings['kv_cache_config.max_tokens'] ?? nested(settings.kv_cache_config, 'max_tokens')
  const slots = settings.max_batch_size ?? settings.max_num_seqs
  const fit =
    typeof tokens === 'number'
      ? tokens / (meanTokens(workload.isl) + meanTokens(workload.osl))
      : Number.POSITIVE_INFINITY
  const told = (of: 'slots' | 'KV cache', most: number) => ({
    of,
    text: `${figure(inFlight)} requests are in flight for each ${role} worker, and its settings give ${of === 'slots' ? 'slots' : 'KV cache'} for ${figure(most)}: without queue metrics, it is unknown whether they wait for that.`,
  })
  if (inFlight > fit) return told('KV cache', fit)
  return typeof slots === 'number' && inFlight > slots ? told('slots', slots) : null
}

function nested(value: Json | undefined, key: string): Json | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: Json })[key]
}

/**
 * Load has slowed nothing down. Stages that are slow without load can only be distinguished if workers report their
 * requests.
 */
function withoutGrowth(growth: LatencyGrowth | null, states: readonly RoleState[]): BottleneckFinding {
  if (growth === null || growth.firstTokenBefore < 0.5 || states.length > 0)
    return { stage: 'none shown', role: null, evidence: [], next: '' }
  return undecided(
    `Even at the lightest load the first token takes ${percent(growth.firstTokenBefore)} of the latency. Without server metrics, it is unknown whether prefill, the KV transfer or the frontend takes this time.`,
    growth,
  )
}

function undecided(why: string, { text }: LatencyGrowth): BottleneckFinding {
  return { stage: 'undecided', role: null, evidence: [why, text], next: '' }
}

const percent = (share: number) => `${Math.round(100 * share)}%`
const figure = (value: number) => (value >= 10 ? String(Math.round(value)) : value.toFixed(1))
