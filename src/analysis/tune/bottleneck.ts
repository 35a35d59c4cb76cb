import type { Role } from '../../point/index.ts'
import { workersOf } from '../../point/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { beforeFirstToken, type LatencyGrowth, latencyGrowth, littlesLaw, readingShare } from './latency-growth.ts'
import { type RoleState, roleStates, serverMean } from './role-state.ts'

/** What holds a deployment back, the evidence for it, and what to try. */
export interface BottleneckFinding {
  readonly stage:
    | 'client'
    | 'prefill queueing'
    | 'KV memory'
    | 'KV transfer'
    | 'decode batch'
    | 'frontend'
    | 'none shown'
    /** The evidence speaks for more than one. */
    | 'undecided'
  /** The workers that more of would help; null where workers are not the matter. */
  readonly role: Role | null
  /** Sentences with figures and units. */
  readonly evidence: readonly string[]
  /** What to try beside another number of workers, in plain words; may be empty. */
  readonly next: string
}

/** What a point is held against; each null where it was not measured. */
export interface Reference {
  /** The same deployment at its lightest load. */
  readonly lightest: MeasuredPoint | null
  /** An aggregated deployment of the same workload at its lightest load: it moves no KV cache. */
  readonly aggregated: MeasuredPoint | null
}

/** A generator thread this busy may be what is measured. */
const busyClient = 0.8
/** A queue is one that holds this share of the requests in flight, and half a request a worker. */
const queueShare = 0.1
const queueLength = 0.5
/** This share of the slots in use on average is all of them, but for the moments between two requests. */
const fullSlots = 0.9
/** A latency this many times that of the lightest load has been slowed by load. */
const slowed = 1.5
/** An aggregated worker that reads prompts this share of its time is held back by that, wherever requests are seen to wait. */
const mostlyReading = 0.5
/** A first token this many times as late as where no cache is moved, without load, is late by the transfer. */
const transferSlowed = 2

/**
 * Names what holds a point back, from the most direct evidence to the least: the client's own health; queues at the workers and why
 * they are there (no room in the KV cache for one more, no free slot, prompts to read); requests in transfer; requests at no
 * worker; a first token that is late even without load; and which part of the latency load has added.
 * How often it is right where the truth is known: docs/bench/tune.md.
 */
export function bottleneckAt(point: MeasuredPoint, { lightest, aggregated }: Reference): BottleneckFinding {
  const cpu = Math.max(0, ...point.valid.map(m => m.client.cpuShare ?? 0))
  const inFlight = Math.max(0, ...point.valid.map(m => m.client.inFlight?.mean ?? 0))
  const states = roleStates(point)
  const growth = latencyGrowth(point, lightest)
  const found =
    (cpu > busyClient ? clientFinding(cpu) : null) ??
    queueFinding(states, inFlight, beforeFirstToken(point) ?? inFlight, growth) ??
    transferFinding(point, inFlight) ??
    frontendFinding(point, states, inFlight) ??
    lateTokenFinding(lightest ?? point, aggregated) ??
    growthFinding(growth, readingShare(point, lightest))
  const evidence = [...(growth === null ? [] : [growth.text]), ...littlesLaw(point)]
  return { ...found, evidence: [...new Set([...found.evidence, ...evidence])] }
}

function clientFinding(cpu: number): BottleneckFinding {
  return {
    stage: 'client',
    role: null,
    evidence: [`The load generator used ${percent(cpu)} of its CPU.`],
    next: 'Split the load with --shards before trusting these figures.',
  }
}

/** The role that holds most of what waits, and why it waits there. */
function queueFinding(
  states: readonly RoleState[],
  inFlight: number,
  beforeToken: number,
  growth: LatencyGrowth | null,
): BottleneckFinding | null {
  // What waits has no token yet: few scrapes of a short point can catch a moment, Little's law can't.
  const held = (state: RoleState) => Math.min(state.waiting * state.workers, beforeToken)
  const queued = states
    .filter(state => state.waiting > queueLength && held(state) > queueShare * inFlight)
    .toSorted((a, b) => b.waiting * b.workers - a.waiting * a.workers)[0]
  if (queued === undefined) return null
  const { role, waiting, running, slots } = queued
  const said = `${figure(waiting)} requests waited at each ${role} worker on average.`
  const cache = queued.cache
  // One more request takes as much as those that run do on average.
  if (cache !== null && running > 0 && cache.max + cache.mean / running >= 1)
    return {
      stage: 'KV memory',
      role,
      evidence: [
        `The KV cache of ${role} workers was ${percent(cache.max)} full, with ${figure(running)} requests in it: no room for one more.`,
        said,
      ],
      next: 'Raising the KV cache’s share of memory helps too; more load only queues.',
    }
  if (role !== 'prefill' && slots !== null && running >= fullSlots * slots)
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
  // One worker does both: what it spends its time on tells more than where requests are seen to wait.
  if (role === 'aggregated' && growth !== null && growth.times >= slowed) return null
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

/** Requests that the frontend holds without a first token and that no worker reads or keeps waiting. */
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

/** Without load nothing queues: what makes a first token later than where nothing is moved is the move. */
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

function growthFinding(growth: LatencyGrowth | null, reading: number | null): BottleneckFinding {
  if (growth === null || growth.times < slowed) return { stage: 'none shown', role: null, evidence: [], next: '' }
  if (reading !== null && reading >= mostlyReading)
    return {
      stage: 'prefill queueing',
      role: 'aggregated',
      evidence: [
        `Reading prompts takes ${percent(Math.min(1, reading))} of each aggregated worker's time, by their rate and the TTFT without load; tokens wait for prompts to be read.`,
        growth.text,
      ],
      next: '',
    }
  const stage = growth.shareBeforeFirstToken >= 0.5 ? 'prefill' : 'decode'
  return {
    stage: stage === 'prefill' ? 'prefill queueing' : 'decode batch',
    role: reading === null ? stage : 'aggregated',
    evidence: [growth.text],
    next: '',
  }
}

const percent = (share: number) => `${Math.round(100 * share)}%`
const figure = (value: number) => (value >= 10 ? String(Math.round(value)) : value.toFixed(1))
