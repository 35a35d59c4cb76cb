import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { sshFailed, sshFailure } from '../../process/ssh-failure.ts'
import { type Check, missed, noticed, passed } from './check.ts'
import type { Machine } from './machine.ts'

const limitMs = 6_000

/**
 * Checks that a node can reach the head, where NATS, etcd and the response stream will listen. Opens a listener for a
 * few seconds.
 */
export async function checkWayToHead(head: string, machine: Machine): Promise<Check> {
  const server = createServer(socket => socket.end())
  try {
    server.listen({ host: head, port: 0 })
    await once(server, 'listening', { signal: AbortSignal.timeout(limitMs) })
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const said = await connectFrom(machine, head, port)
    if (said.ok) return passed('way to the head', `it reaches ${head}`, machine.name)
    const remedy =
      'Correct deploy.head, or open the firewall: workers connect there to NATS, etcd and the response stream.'
    return missed('way to the head', `it cannot reach ${head}: ${said.complaint}`, remedy, machine.name)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return missed(
      'way to the head',
      `nothing can listen at ${head}: ${why}`,
      'Write an address of this machine as deploy.head.',
      machine.name,
    )
  } finally {
    server.close()
  }
}

/** Bash opens the connection itself, so the machine needs no other program. */
const connectFrom = (machine: Machine, address: string, port: number) =>
  machine.run('timeout', [String(limitMs / 1000), 'bash', '-c', 'exec 3<>"/dev/tcp/$0/$1"', address, String(port)])

/** Listens on a port below the ephemeral range, as workers will, prints the port, and accepts one connection. */
const listener = `import random, socket, sys
s = socket.socket()
s.settimeout(8)
for _ in range(50):
    try:
        s.bind((sys.argv[1], random.randrange(20000, 32000)))
        break
    except OSError as e:
        if e.errno != 98: raise
s.listen()
print(s.getsockname()[1], flush=True)
s.accept()`

/**
 * Checks that this machine, or another node, can reach ports of a node on which workers will listen.
 * @param argv a local command line that runs {@link listenerCommand} there
 * @param other the other node, where a rank of a worker may run while another rank runs here; absent for this machine
 * @throws FulcrumError `ssh-failed` if ssh failed on the way there
 */
export async function checkWayToNode(
  argv: readonly [string, ...string[]],
  address: string,
  where: string,
  other?: Machine,
): Promise<Check> {
  const name = other === undefined ? 'way to the node' : 'way between nodes'
  const [program, ...args] = argv
  const { execa } = await import('execa')
  const child = execa(program, args, {
    timeout: limitMs * 2,
    stdin: 'ignore',
    reject: false,
    buffer: { stdout: false },
  })
  const lines = createInterface({ input: child.stdout })
  const [said] = await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => [''])])
  const port = String(said).trim()
  const reach = async () =>
    other === undefined ? canConnect(address, Number(port)) : (await connectFrom(other, address, Number(port))).ok
  const reached = /^\d+$/.test(port) && (await reach())
  if (!reached) child.kill()
  const { exitCode, stderr } = await child
  const by = other === undefined ? '' : ` from ${other.name}`
  if (reached) return passed(name, `${address} is reached${by}`, where)
  if (!/^\d+$/.test(port)) {
    const cut = sshFailure(exitCode, stderr)
    if (cut !== null) throw sshFailed(where, cut)
    const why = stderr.trim().split('\n').at(-1) || 'no answer'
    return noticed(name, `not tried: ${why}`, 'If ssh takes another route, set the node’s address.', where)
  }
  const remedy = 'Open ports 20000–32000 and the ephemeral ones between all nodes, or correct the node’s address.'
  return missed(name, `cannot reach ${address} port ${port}${by}`, remedy, where)
}

/**
 * Python command that listens on a free port of `address` (20000–31999), prints the port, and exits with 0 if something
 * connects within 8 s.
 */
export const listenerCommand = (python: string, address: string): readonly string[] => [python, '-c', listener, address]

async function canConnect(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: limitMs })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(limitMs) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
