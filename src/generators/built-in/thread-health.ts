import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import type { ThreadHealth } from './job.ts'

/** Sampling interval of the loop's delay, ms. */
const resolutionMs = 5

/** Monitors CPU, garbage collection and event loop delay of the calling thread until {@link stop}. */
export function watchThread(): { stop(): ThreadHealth } {
  let gcMs = 0
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) gcMs += entry.duration
  })
  observer.observe({ entryTypes: ['gc'] })
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const before = cpuMs()
  const beganMs = performance.now()
  const waitedBefore = runQueueWaitMs()
  return {
    stop: () => {
      const used = cpuMs() - before
      delay.disable()
      for (const entry of observer.takeRecords()) gcMs += entry.duration
      observer.disconnect()
      return {
        watchedMs: performance.now() - beganMs,
        cpuMs: used,
        gcMs,
        runQueueWaitMs: waitedBefore === null ? null : (runQueueWaitMs() ?? waitedBefore) - waitedBefore,
        loopDelayMs: { mean: late(delay.mean), p99: late(delay.percentile(99)), max: late(delay.max) },
      }
    },
  }
}

/** The histogram counts the time between samples, including the interval itself. */
function late(ns: number): number {
  return Number.isNaN(ns) ? 0 : Math.max(0, ns / 1e6 - resolutionMs)
}

function cpuMs(): number {
  // Before 23.9, Node only reports the whole process.
  const usage = typeof process.threadCpuUsage === 'function' ? process.threadCpuUsage() : process.cpuUsage()
  return (usage.user + usage.system) / 1000
}

/**
 * Time in ms that this thread was ready to run but the kernel gave it no core; null if not reported (Linux reports it).
 */
function runQueueWaitMs(): number | null {
  try {
    const [, waitedNs] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')
    return Number(waitedNs) / 1e6
  } catch {
    return null
  }
}
