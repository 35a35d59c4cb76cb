import { readFile } from 'node:fs/promises'
import { socketSilence } from './socket-silence.ts'

/** Asking the kernel costs a process: often enough to notice a stall in time is often enough. */
const lookEveryMs = 2000

/**
 * Watches for a load client having stopped hearing from the server. For one that has no deadline of its own, for a
 * request or for itself (seen of perf_analyzer: idle for ever on an open request, and after its last answer).
 *
 * @param client the process that loads the server, as the kernel names it
 * @param longestSilenceMs the deadline of a request: when nothing at all has come for that long, one has passed it
 */
export function stallWatch(client: string, longestSilenceMs: number, signal: AbortSignal) {
  let nextLook = 0
  let lastHeard: number | null = null
  return async (group: readonly number[]): Promise<string | null> => {
    const now = performance.now()
    if (now < nextLook) return null
    nextLook = now + Math.min(lookEveryMs, longestSilenceMs / 4)
    const pids = await processesNamed(client, group)
    const silence = pids.length === 0 ? null : await socketSilence(pids, signal)
    if (silence === null) {
      lastHeard = null
      return null
    }
    if (silence.silentMs !== null) lastHeard = now - silence.silentMs
    // Before its first connection it reads its input.
    if (lastHeard === null || now - lastHeard <= longestSilenceMs) return null
    const seconds = Math.round((now - lastHeard) / 1000)
    const open = silence.sockets === 0 ? 'with no connection open' : `on ${silence.sockets} open connections`
    return `${client} received nothing for ${seconds} s, ${open} (a request may take ${longestSilenceMs / 1000} s)`
  }
}

async function processesNamed(client: string, group: readonly number[]): Promise<number[]> {
  const named = await Promise.all(
    group.map(async pid => {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
      return name.startsWith(client) ? pid : null
    }),
  )
  return named.filter(pid => pid !== null)
}
