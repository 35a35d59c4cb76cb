import type { Window, WindowedAnswer, WindowSums } from '../metrics/window.ts'
import { sumsWithin } from '../metrics/window.ts'

/** Sums of answers within a window, updated as they arrive; see {@link sumsWithin}. */
export interface WindowSumming {
  /** Records a sent request; the window ends no earlier than this. */
  sent(atMs: number): void
  begin(startMs: number): void
  answered(answer: WindowedAnswer): void
  /** Sums from the beginning of the window up to its end. */
  until(endMs: number): WindowSums
}

/** Answers kept until it is known how much of them lies in the window. */
const mostPending = 4096

/** Creates empty sums of a window. */
export function createWindowSums(): WindowSumming {
  let pending: WindowedAnswer[] = []
  let startMs: number | null = null
  /** The window, if it has not begun, begins no earlier than this; nor does it end earlier. */
  let knownMs = Number.NEGATIVE_INFINITY
  let sums: WindowSums = { requests: 0, inputTokens: 0, outputTokens: 0 }

  function fold(endMs: number, isSure: (answer: WindowedAnswer) => boolean): void {
    const window: Window | null = startMs === null ? null : { startMs, endMs }
    pending = pending.filter(answer => {
      if (!isSure(answer)) return true
      if (window === null) return false
      const more = sumsWithin(answer, window)
      sums = {
        requests: sums.requests + more.requests,
        inputTokens: sums.inputTokens + more.inputTokens,
        outputTokens: sums.outputTokens + more.outputTokens,
      }
      return false
    })
  }

  return {
    sent: atMs => {
      knownMs = Math.max(knownMs, atMs)
      if (pending.length > mostPending) fold(Number.POSITIVE_INFINITY, answer => answer.lastTokenMs <= knownMs)
    },
    begin: atMs => {
      startMs = atMs
      pending = pending.filter(answer => answer.lastTokenMs > atMs)
    },
    answered: answer => void pending.push(answer),
    until: endMs => {
      fold(endMs, () => true)
      return sums
    },
  }
}
