import { setTimeout as sleep } from 'node:timers/promises'

/** How to wait for an external condition. */
export interface Wait {
  readonly signal: AbortSignal
  /** Time limit in ms from now. */
  readonly limitMs: number
  /** Why the condition can never be met; checked before each try. */
  failed(): Error | null
  /** Error to throw after the time limit. */
  late(): Error
  /** Called for each second of waiting. */
  onWaiting?(elapsedS: number): void
}

const firstPauseMs = 20
const longestPauseMs = 250

/**
 * Repeats a check until it returns true.
 * @throws the signal's reason; the errors of `failed` and `late`
 */
export async function waitUntil(ask: (signal: AbortSignal) => Promise<boolean>, wait: Wait): Promise<void> {
  const start = performance.now()
  let saidS = 0
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    wait.signal.throwIfAborted()
    const failure = wait.failed()
    if (failure !== null) throw failure
    const left = wait.limitMs - (performance.now() - start)
    if (left <= 0) throw wait.late()
    const limit = AbortSignal.any([wait.signal, AbortSignal.timeout(Math.ceil(Math.min(left, 5_000)))])
    if (await ask(limit).catch(() => false)) return
    const elapsedS = Math.floor((performance.now() - start) / 1000)
    if (elapsedS > saidS) {
      saidS = elapsedS
      wait.onWaiting?.(elapsedS)
    }
    await sleep(Math.min(pauseMs, Math.max(0, left)), undefined, { signal: wait.signal }).catch(() => {})
  }
}
