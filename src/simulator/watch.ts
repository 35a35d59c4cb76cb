import type { Engine } from './engine.ts'

/** Observes an engine in virtual time, as a scraper observes a server's metrics. */
export interface EngineWatch {
  readonly everyMs: number
  /** Called at each interval, in order. */
  see(atMs: number, engine: Engine): void
  /** Called when the measurement window begins. */
  begin(startMs: number): void
}

/** Wraps an engine so that it is observed at every multiple of the interval. */
export function watched(engine: Engine, { everyMs, see }: EngineWatch): Engine {
  let nextMs = everyMs
  return {
    ...engine,
    get transferring() {
      return engine.transferring
    },
    get serving() {
      return engine.serving
    },
    advanceTo(nowMs) {
      for (; nextMs <= nowMs; nextMs += everyMs) {
        engine.advanceTo(nextMs)
        see(nextMs, engine)
      }
      engine.advanceTo(nowMs)
    },
  }
}
