import { createLogUpdate } from 'log-update'

/** Text at the end of a terminal that the next text replaces. */
export interface Repainter extends Disposable {
  /** Replaces the text. Skipped if the last one is younger than `everyMs`. */
  paint(text: string): void
  /** Writes a permanent line above the text. */
  log(line: string): void
  /** Leaves the text in place. The next text appears below it. */
  keep(): void
}

/**
 * Repaints text in a terminal: the progress of a run, a watched status, the fits of a twin. Disposal clears it. The
 * cursor stays visible, because a killed process could not restore it.
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

/** One line of progress: repainted in a terminal, at most one line per second elsewhere. */
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

/** Reports the count of finished items and the remaining time, starting after two seconds. */
export function countedProgress(line: Repainter, what: string): (done: number, of: number) => void {
  const startedAt = performance.now()
  return (done, of) => {
    const elapsedS = (performance.now() - startedAt) / 1000
    if (elapsedS < 2 || done === 0) return
    line.paint(`[${done}/${of}] ${what}, about ${Math.ceil((elapsedS / done) * (of - done))} s left`)
  }
}
