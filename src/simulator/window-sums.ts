import type { Window, WindowedAnswer, WindowSums } from '../metrics/window.ts'
import { sumsWithin } from '../metrics/window.ts'

/** What a window sees of answers, summed up as they come; see {@link sumsWithin}. */
export interface WindowSumming {
  /** A request was sent that the window doesn't end before. */
  sent(atMs: number): void
  begin(startMs: number): void
  answered(answer: WindowedAnswer): void
  /** Sums of the window that began, up to its end. */
  until(endMs: number): WindowSums
}

/** Answers kept until it is sure how much of them lies in the window. */
const mostPending = 4096

export function createWindowSums(): WindowSumming {
  let pending: WindowedAnswer[] = []
  let startMs: number | null = null
  /** Neither does the window begin before this, as long as it has not, nor does it end before. */
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
