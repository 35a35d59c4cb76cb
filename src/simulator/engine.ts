import type { EngineSettings, Random, Role } from '../model/index.ts'
import { createRandom, roles } from '../model/index.ts'
import type { CostModel } from './cost.ts'
import { costModel } from './cost.ts'
import { createHeap } from './heap.ts'
import type { Profile } from './profile.ts'
import type { EngineRequest } from './request.ts'
import type { Router, RouterMode } from './routing.ts'
import { createRouter } from './routing.ts'
import type { WorkerSettings } from './settings.ts'
import { workerSettings } from './settings.ts'
import type { Worker, WorkerEvents, WorkerLoad } from './worker.ts'
import { createWorker } from './worker.ts'

/** Options of a simulated deployment. */
export interface EngineOptions {
  readonly profile: Profile
  /** Default: Dynamo's default, round-robin. */
  readonly routing?: RouterMode
  /** Whether to call `onToken` of requests; see {@link EngineRequest}. */
  readonly streamTokens?: boolean
  /** Called with the gap between two tokens of each of the given number of sequences. */
  readonly onStep?: (gapMs: number, sequences: number) => void
  /** Random numbers for the profile's jitter; without them there is none. */
  readonly random?: Random
  /**
   * Probability that a drafted token is accepted if those before it were, 0–1, for requests without their own.
   * `by-request` if all have one. If absent, no worker can decode speculatively.
   */
  readonly acceptance?: number | 'by-request'
}

/** Determines, together with the order of requests, which drafts are accepted. */
const draftSeed = 1

/**
 * A disaggregated (or aggregated) deployment as a discrete-event system. It has no clock: its driver asks when the next
 * event is due and advances it, to the present or straight to the event. Event times depend on one another and never on
 * when `advanceTo` was called, so a late driver adds no drift.
 */
export interface Engine {
  /**
   * Submits a request that arrived at `request.arrivedMs`, which may precede the last event; an idle worker then began
   * with it on arrival. Returns why it cannot be served, or null if it was accepted.
   */
  submit(request: EngineRequest): EngineRefusal | null
  cancel(request: EngineRequest): void
  /** Time of the next event; Infinity if there is none. */
  nextEventMs(): number
  /** Processes all events due by `nowMs` in order. */
  advanceTo(nowMs: number): void
  addWorker(role: Role, settings: EngineSettings, sinceMs: number): number
  /** Sends the worker no more requests. It leaves once it has none, and `onDrained` is called. */
  drainWorker(id: number, onDrained: () => void): void
  /** Picks workers in another way for future requests. */
  route(mode: RouterMode): void
  workers(): readonly {
    readonly id: number
    readonly role: Role
    readonly draining: boolean
    readonly load: WorkerLoad
  }[]
  /** Requests between a prefill and a decode worker. */
  readonly transferring: number
  /** Whether a request sent now would find the workers that it needs. */
  readonly serving: boolean
}

/** Why the engine refuses a request: no worker for it, or more tokens than a worker can hold. */
export type EngineRefusal =
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'too-long'; readonly message: string }

interface Event {
  atMs: number
  /** Breaks ties in scheduling order, so that equal seeds give equal runs. */
  order: number
  readonly fire: () => void
}

interface Pool {
  readonly all: Worker[]
  /** Workers that accept requests. */
  readonly open: Worker[]
  /** Replaced by `route`. */
  router: Router
  settings: { readonly raw: EngineSettings; readonly parsed: WorkerSettings; readonly cost: CostModel } | null
}

/** @throws FulcrumError bad-input `engine-setting` (from `addWorker`) for settings that the model does not support */
export function createEngine(options: EngineOptions): Engine {
  const { profile } = options
  const events = createHeap<Event>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order))
  const pool = (): Pool => ({
    all: [],
    open: [],
    router: createRouter(options.routing ?? 'round-robin'),
    settings: null,
  })
  const pools: Record<Role, Pool> = { prefill: pool(), decode: pool(), aggregated: pool() }
  /** Start or end of a pass, whichever comes next. */
  const passes = new Map<Worker, Event>()
  const drainListeners = new Map<Worker, () => void>()
  /** Requests whose next role has no worker at the moment; they wait for one. */
  const stranded: { role: Role; request: EngineRequest }[] = []
  const draftRandom = createRandom(draftSeed).fork('drafts')
  let transferring = 0
  let reachedMs = Number.NEGATIVE_INFINITY
  let order = 0
  let nextId = 0

  function frontendMs(promptTokens: number): number {
    const { fixedMs, per1000TokensMs, jitterMs = 0 } = profile.frontend
    const lateMs = jitterMs > 0 && options.random !== undefined ? jitterMs * options.random.exponential() : 0
    return fixedMs + (per1000TokensMs * promptTokens) / 1000 + lateMs
  }

  function schedule(event: Event, atMs: number): void {
    event.atMs = atMs
    event.order = order++
    events.push(event)
  }

  function dispatch(role: Role, request: EngineRequest, sinceMs: number): void {
    if (request.cancelled) return
    const pool = pools[role]
    const worker = pool.router(pool.open)
    if (worker === undefined) {
      stranded.push({ role, request })
      return
    }
    const startsMs = worker.enqueue(request, sinceMs)
    const event = passes.get(worker)
    if (startsMs !== null && event !== undefined) schedule(event, startsMs)
  }

  function transfer(request: EngineRequest, atMs: number): void {
    request.prefilledMs = atMs
    const delayMs = pools.prefill.settings?.cost.transferMs(request.promptTokens) ?? 0
    transferring += 1
    const arrivesMs = atMs + delayMs
    schedule(
      {
        atMs: 0,
        order: 0,
        fire: () => {
          transferring -= 1
          dispatch('decode', request, arrivesMs)
        },
      },
      arrivesMs,
    )
  }

  const workerEvents: WorkerEvents = {
    onStep: (gapMs, sequences) => options.onStep?.(gapMs, sequences),
    onPrefilled: transfer,
    onFinished: request => request.onFinish?.(request),
    onDrained(worker) {
      const { all } = pools[worker.role]
      all.splice(all.indexOf(worker), 1)
      passes.delete(worker)
      const listener = drainListeners.get(worker)
      drainListeners.delete(worker)
      listener?.()
    },
  }

  function poolSettings(role: Role, raw: EngineSettings): NonNullable<Pool['settings']> {
    const known = pools[role].settings
    if (known?.raw === raw) return known
    const parsed = workerSettings(role, raw, profile, options.acceptance !== undefined)
    const settings = { raw, parsed, cost: costModel(profile, parsed) }
    pools[role].settings = settings
    return settings
  }

  const aggregated = () => pools.aggregated.open.length > 0
  const serving = () => aggregated() || (pools.prefill.open.length > 0 && pools.decode.open.length > 0)

  function refusal(request: EngineRequest): EngineRefusal | null {
    if (!serving())
      return { kind: 'unavailable', message: 'no worker is registered for each role that a request needs' }
    const needed: readonly Role[] = aggregated() ? ['aggregated'] : ['prefill', 'decode']
    for (const role of needed) {
      const message = pools[role].open[0]?.refuses(request.promptTokens, request.outputTokens)
      if (message) return { kind: 'too-long', message }
    }
    return null
  }

  return {
    submit(request) {
      const refused = refusal(request)
      if (refused !== null) return refused
      const role = aggregated() ? 'aggregated' : 'prefill'
      const atMs = request.arrivedMs + frontendMs(request.promptTokens)
      if (atMs <= reachedMs) dispatch(role, request, atMs)
      else schedule({ atMs, order: 0, fire: () => dispatch(role, request, atMs) }, atMs)
      return null
    },
    cancel(request) {
      request.cancelled = true
      request.worker?.cancel(request)
      const at = stranded.findIndex(item => item.request === request)
      if (at >= 0) stranded.splice(at, 1)
    },
    nextEventMs: () => events.peek()?.atMs ?? Number.POSITIVE_INFINITY,
    advanceTo(nowMs) {
      for (let event = events.peek(); event !== undefined && event.atMs <= nowMs; event = events.peek()) {
        events.pop()
        reachedMs = event.atMs
        event.fire()
      }
      reachedMs = nowMs
    },
    addWorker(role, raw, sinceMs) {
      const pool = pools[role]
      const { parsed, cost } = poolSettings(role, raw)
      const worker = createWorker({
        id: nextId++,
        role,
        settings: parsed,
        cost,
        events: workerEvents,
        streamTokens: options.streamTokens ?? false,
        sinceMs,
        promptBringsToken: role === 'aggregated' && profile.dynamo !== '1.4.2',
        acceptance: typeof options.acceptance === 'number' ? options.acceptance : 0,
        random: draftRandom,
      })
      const pass: Event = {
        atMs: 0,
        order: 0,
        fire: () => {
          const idle = worker.passEndsMs === Number.POSITIVE_INFINITY
          if (idle ? worker.start(pass.atMs) : worker.endPass()) schedule(pass, worker.passEndsMs)
        },
      }
      passes.set(worker, pass)
      pool.all.push(worker)
      pool.open.push(worker)
      for (const item of stranded.splice(0)) dispatch(item.role, item.request, sinceMs)
      return worker.id
    },
    route(mode) {
      for (const each of Object.values(pools)) each.router = createRouter(mode)
    },
    drainWorker(id, onDrained) {
      for (const role of roles) {
        const pool = pools[role]
        const at = pool.open.findIndex(worker => worker.id === id)
        const worker = pool.open[at]
        if (worker === undefined) continue
        pool.open.splice(at, 1)
        drainListeners.set(worker, onDrained)
        worker.drain()
        return
      }
      onDrained()
    },
    workers: () =>
      roles.flatMap(role =>
        pools[role].all.map(worker => ({ id: worker.id, role, draining: worker.draining, load: worker.load() })),
      ),
    get transferring() {
      return transferring
    },
    get serving() {
      return serving()
    },
  }
}
