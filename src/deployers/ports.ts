import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { FulcrumError } from '../model/index.ts'
import { argumentsOf } from '../process/proc.ts'

const loopback = '127.0.0.1'
const lowestPort = 20_000
/** Default start of Linux's port range for outgoing connections. */
const usualEphemeralStart = 32_768
const attempts = 200

/**
 * A free port on loopback, below the range of outgoing connections. A load generator opens thousands of those, and
 * would sooner or later take a port that a worker is about to use.
 * @throws FulcrumError environment `no-free-port`
 */
export async function freePort(): Promise<number> {
  const end = Math.max(lowestPort + 1000, (await ephemeralRange()).first)
  for (let i = 0; i < attempts; i++) {
    const port = lowestPort + Math.floor(Math.random() * (end - lowestPort))
    if (await canListen(port)) return port
  }
  throw new FulcrumError('environment', 'no-free-port', `Found no free port from ${lowestPort} to ${end}`, {
    retryable: true,
  })
}

/**
 * Ensures that a port requested by number is free.
 * @throws FulcrumError environment `port-taken`, naming the process that uses it if known
 */
export async function requireFreePort(port: number, what: string): Promise<void> {
  if (await canListen(port)) return
  const holder = await listenerOn(port)
  const by = holder === null ? '' : ` by process ${holder.pid} (${holder.argv.join(' ').slice(0, 200)})`
  throw new FulcrumError('environment', 'port-taken', `Port ${port} for the ${what} is in use${by}`, {
    where: `${loopback}:${port}`,
    remedy: 'Stop that program, choose another port, or remove the port to use a free one.',
    retryable: true,
  })
}

function canListen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Ports of outgoing connections, inclusive. */
export async function ephemeralRange(): Promise<{ readonly first: number; readonly last: number }> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').catch(() => '')
  const [first, last] = text.trim().split(/\s+/).map(Number)
  return { first: first || usualEphemeralStart, last: last || 60_999 }
}

/** Process that listens on a port, if this user may see it. */
async function listenerOn(port: number): Promise<{ readonly pid: number; readonly argv: readonly string[] } | null> {
  const inodes = await listeningInodes(port)
  if (inodes.size === 0) return null
  for (const pid of (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      if (inode !== undefined && inodes.has(inode)) return { pid: Number(pid), argv: await argumentsOf(Number(pid)) }
    }
  }
  return null
}

/** Inodes of the sockets in state LISTEN (0A) on a port. */
async function listeningInodes(port: number): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(['tcp', 'tcp6'].map(name => readFile(`/proc/net/${name}`, 'latin1').catch(() => '')))
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = tables.flatMap(table => table.split('\n').slice(1)).map(row => row.trim().split(/\s+/))
  return new Set(
    rows.flatMap(row => (row[1]?.endsWith(suffix) && row[3] === '0A' && row[9] !== undefined ? [row[9]] : [])),
  )
}
