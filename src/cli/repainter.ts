import { createLogUpdate } from 'log-update'

/** Text at the end of a terminal that the next text replaces. */
export interface Repainter extends Disposable {
  /** Replaces the text; skipped while the last one is younger than `everyMs`. */
  paint(text: string): void
  /** Writes a line that stays, above the text. */
  log(line: string): void
  /** Leaves the text where it is; what is painted next goes below it. */
  keep(): void
}

/**
 * What a terminal repaints: the progress of a run, a watched status, the fits of a twin. Disposing clears it. The
 * cursor stays visible, as a killed process could not bring it back.
 */
export function repainter(stream: NodeJS.WriteStream, { everyMs = 0 }: { readonly everyMs?: number } = {}): Repainter {
  const update = createLogUpdate(stream, { showCursor: true })
  let paintedAt = Number.NEGATIVE_INFINITY
  return {
    paint(text) {
      const now = performance.now()
      if (now - paintedAt < everyMs) return
      paintedAt = now
      update(text)
    },
    log(line) {
      update.clear()
      stream.write(`${line}\n`)
      paintedAt = Number.NEGATIVE_INFINITY
    },
    keep: () => update.done(),
    [Symbol.dispose]: () => update.clear(),
  }
}

/** One line of progress: repainted in a terminal, at most a line a second elsewhere. */
export function progressLine(stream: NodeJS.WriteStream): Repainter {
  if (stream.isTTY) return repainter(stream, { everyMs: 100 })
  let writtenAt = Number.NEGATIVE_INFINITY
  return {
    paint(text) {
      const now = performance.now()
      if (now - writtenAt < 1000) return
      writtenAt = now
      stream.write(`${text}\n`)
    },
    log: line => stream.write(`${line}\n`),
    keep: () => {},
    [Symbol.dispose]: () => {},
  }
}

/** Tells how many of a number of things are done, and what is left of the time, once it has taken two seconds. */
export function countedProgress(line: Repainter, what: string): (done: number, of: number) => void {
  const startedAt = performance.now()
  return (done, of) => {
    const elapsedS = (performance.now() - startedAt) / 1000
    if (elapsedS < 2 || done === 0) return
    line.paint(`[${done}/${of}] ${what}, about ${Math.ceil((elapsedS / done) * (of - done))} s left`)
  }
}
