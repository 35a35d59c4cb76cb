import type { Engine } from './engine.ts'

/** Looks at an engine in virtual time, as a scraper looks at a server's metrics pages. */
export interface EngineWatch {
  readonly everyMs: number
  /** Called every so often, in order. */
  see(atMs: number, engine: Engine): void
  /** The measurement window begins. */
  begin(startMs: number): void
}

/** The engine, seen at every multiple of the interval that it is advanced over. */
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
