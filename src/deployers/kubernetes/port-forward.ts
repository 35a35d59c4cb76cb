import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A port on 127.0.0.1 that forwards to the cluster. */
export interface PortForwarding {
  readonly url: string
  close(): Promise<void>
}

/**
 * Listens on a free port of 127.0.0.1 and forwards every connection to the cluster. A failed connection (its pod was
 * replaced) closes, and the next one looks for a pod again.
 */
export async function openPortForward(join: (socket: Socket) => Promise<void>): Promise<PortForwarding> {
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    join(socket).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // An unused forward must not keep the process running.
  server.unref()
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
