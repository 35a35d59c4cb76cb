import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { duplexPair } from 'node:stream'
import type { ShardChannel } from '../../../generators/shards/launcher.ts'
import type { Cluster } from '../cluster.ts'
import { shardPort } from './resource.ts'

/** A pod to reach. */
export interface ShardPod {
  readonly cluster: Cluster
  readonly namespace: string
  readonly name: string
}

/** Time from the connection to the first line, because Node has to start in the pod. */
const firstLineMs = 20_000
/** Each write becomes one websocket message, and Kubernetes rejects messages above 32 MB. */
const frameBytes = 256 * 1024

/**
 * Connects to a shard through a port-forward to its pod's loopback. Resolves after its first line.
 * @throws Error if nothing listens there; the signal's reason
 */
export async function openPodChannel(
  { cluster, namespace, name }: ShardPod,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<ShardChannel> {
  const [ours, socket] = duplexPair()
  const close = () => {
    for (const side of [ours, socket]) side.destroy()
  }
  const ended = new Promise<string>(resolve => {
    for (const side of [ours, socket]) {
      side.on('error', close)
      side.once('close', () => {
        close()
        resolve('closed the connection')
      })
    }
  })
  const lines = createInterface({ input: ours, crlfDelay: Number.POSITIVE_INFINITY })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(firstLineMs)])
  try {
    const first = once(lines, 'line', { signal: limit })
    lines.on('line', onLine)
    await Promise.race([cluster.forward({ namespace, name, port: shardPort }, socket), first])
    await Promise.race([first, ended.then(how => Promise.reject(new Error(`${name} ${how}`)))])
  } catch (error) {
    close()
    signal.throwIfAborted()
    throw error
  }
  return {
    host: `pod ${name}`,
    send: line => {
      const bytes = Buffer.from(`${line}\n`)
      for (let at = 0; at < bytes.length; at += frameBytes) ours.write(bytes.subarray(at, at + frameBytes))
    },
    lastLines: () => [],
    ended,
    close: async () => close(),
  }
}
