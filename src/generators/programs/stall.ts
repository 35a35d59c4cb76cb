import { readFile } from 'node:fs/promises'
import { socketSilence } from './socket-silence.ts'

/** Querying the kernel starts a process, so this only happens as often as needed. */
const lookEveryMs = 2000

/**
 * Detects a load client that no longer receives data from the server. For clients without timeouts: perf_analyzer has
 * stayed idle forever on an open request, and after its last answer.
 *
 * @param client process that loads the server, by its name in the kernel
 * @param longestSilenceMs timeout of a request; if nothing has arrived for that long, a request has exceeded it
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
    // Before its first connection, it reads its input.
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
