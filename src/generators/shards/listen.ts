import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface ListenOptions {
  /** Port of loopback. In a pod, only what the API server forwards gets there. */
  readonly port: number
  /** Gives up when nobody has been connected for so long. */
  readonly idleMs?: number
  readonly signal: AbortSignal
  /** Told when connections are taken. */
  readonly onListening?: (port: number) => void
}

const defaultIdleMs = 300_000
const endGraceMs = 3000

/**
 * Waits for coordinators on loopback; each connection gets a shard of its own, as `inetd` would give it, so that
 * nothing is left of a load whose coordinator is gone. A new connection ends the one before: its other end has given it
 * up.
 * @returns `idle` when nobody came for `idleMs`, `aborted` by the signal
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

/** Joins a connection to the input and output of a shard; resolves when both are gone. */
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
    // The end of its input ends it; should it not listen any more, a signal does.
    shard.stdin.end()
    setTimeout(() => shard.kill(), endGraceMs).unref()
  })
  await shard
  socket.destroy()
}
