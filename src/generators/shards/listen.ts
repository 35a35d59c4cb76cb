import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

/** Options of the server of a shard. */
export interface ListenOptions {
  /** Port on loopback. In a pod, it is only reachable through the API server's port forwarding. */
  readonly port: number
  /** Stops after this long without a connection. */
  readonly idleMs?: number
  readonly signal: AbortSignal
  /** Called when it accepts connections. */
  readonly onListening?: (port: number) => void
}

const defaultIdleMs = 300_000
const endGraceMs = 3000

/**
 * Waits for coordinators on loopback. Each connection gets a separate shard, as with `inetd`, so that no load survives
 * its coordinator. A new connection ends the previous one, whose coordinator has abandoned it.
 * @returns `idle` if nobody connected for `idleMs`, `aborted` by the signal
 */
export async function listenForCoordinators(options: ListenOptions): Promise<'idle' | 'aborted'> {
  const { port, idleMs = defaultIdleMs, signal } = options
  let current: { readonly socket: Socket; readonly ended: Promise<void> } | null = null
  const idle = new AbortController()
  const stop = AbortSignal.any([signal, idle.signal])
  let timer = setTimeout(() => idle.abort(), idleMs)
  const server = createServer({ noDelay: true }, socket => {
    current?.socket.destroy()
    clearTimeout(timer)
    const ended = serveBy(socket)
    current = { socket, ended }
    void ended.then(() => {
      if (current?.socket !== socket || stop.aborted) return
      current = null
      timer = setTimeout(() => idle.abort(), idleMs)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening', { signal })
  const address = server.address()
  options.onListening?.(typeof address === 'object' && address !== null ? address.port : port)
  if (!stop.aborted) await once(stop, 'abort')
  clearTimeout(timer)
  server.close()
  const last = current as { readonly socket: Socket; readonly ended: Promise<void> } | null
  last?.socket.destroy()
  await last?.ended
  return signal.aborted ? 'aborted' : 'idle'
}

/** Connects a socket to the input and output of a shard. Resolves when both are closed. */
async function serveBy(socket: Socket): Promise<void> {
  const program = fileURLToPath(new URL('../../../bin/fulcrum.js', import.meta.url))
  const { execa } = await import('execa')
  const shard = execa(process.execPath, [program, 'shard'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
    buffer: false,
    reject: false,
    forceKillAfterDelay: endGraceMs,
  })
  socket.on('error', () => socket.destroy())
  shard.stdin.on('error', () => {})
  socket.pipe(shard.stdin)
  shard.stdout.pipe(socket)
  socket.once('close', () => {
    // The end of its input normally ends it; otherwise a signal does.
    shard.stdin.end()
    setTimeout(() => shard.kill(), endGraceMs).unref()
  })
  await shard
  socket.destroy()
}
