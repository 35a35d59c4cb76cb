import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ControlPlane } from './control-plane.ts'
import type { RunningPod } from './running-pod.ts'

/** What the API server asks a kubelet: logs, and port-forwards over a websocket. */
export interface KubeletServer {
  readonly port: number
  close(): Promise<void>
}

/** Channels of a port-forward: data and errors. Each begins with the port, two bytes, little-endian. */
const [dataChannel, errorChannel] = [0, 1]

export async function startKubeletServer(
  certificate: ControlPlane['certificate'],
  find: (namespace: string, pod: string) => RunningPod | undefined,
): Promise<KubeletServer> {
  const server = createServer({ cert: await readFile(certificate.cert), key: await readFile(certificate.key) })
  const podOf = (url: string | undefined, verb: string) => {
    const [, asked, namespace = '', pod = ''] = (url ?? '').split('?')[0]?.split('/') ?? []
    return asked === verb ? find(namespace, pod) : undefined
  }
  server.on('request', (request, response) => {
    const running = podOf(request.url, 'containerLogs')
    response.writeHead(running === undefined ? 404 : 200, { 'content-type': 'text/plain' })
    response.end(
      running
        ?.log()
        .map(line => `${line}\n`)
        .join(''),
    )
  })
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: offered => [...offered].find(isPlain) ?? false,
  })
  server.on('upgrade', (request, socket, head) => {
    const running = podOf(request.url, 'portForward')
    const port = Number(new URL(request.url ?? '', 'https://kubelet').searchParams.get('port'))
    if (running === undefined || !Number.isInteger(port)) return void socket.destroy()
    sockets.handleUpgrade(request, socket, head, forwarded => forward(forwarded, running, port))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const isPlain = (protocol: string) => protocol === 'v4.channel.k8s.io'

function forward(socket: WebSocket, running: RunningPod, port: number): void {
  for (const channel of [dataChannel, errorChannel]) socket.send(Buffer.from([channel, port & 255, port >> 8]))
  const inside = connectInside(running, port)
  inside.on('data', (data: Buffer) => socket.send(Buffer.concat([Buffer.from([dataChannel]), data])))
  inside.on('close', () => socket.close())
  inside.on('error', error => {
    if (socket.readyState === socket.OPEN)
      socket.send(Buffer.concat([Buffer.from([errorChannel]), Buffer.from(String(error))]))
    socket.close()
  })
  socket.on('message', (message: Buffer) => {
    if (message[0] === dataChannel) inside.write(message.subarray(1))
  })
  socket.on('close', () => inside.destroy())
}

/** To a port of the pod's own loopback, as a real kubelet does it: from within its network namespace. */
function connectInside(running: RunningPod, port: number): Duplex {
  const address = running.address()
  if (address === null) return connect(port, '127.0.0.1')
  const script = `const s=require('net').connect(${port},'127.0.0.1');s.on('error',e=>{console.error(e.message);process.exit(1)});process.stdin.pipe(s).pipe(process.stdout)`
  const [program = 'false', ...args] = [...address.enter, process.execPath, '-e', script]
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const joined = Duplex.from({ writable: child.stdin, readable: child.stdout })
  joined.on('close', () => child.kill('SIGKILL'))
  return joined
}
