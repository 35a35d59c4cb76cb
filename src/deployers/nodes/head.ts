import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { FulcrumError } from '../../model/index.ts'
import { portAnswers } from '../../process/port-answers.ts'
import type { Reach } from './nodes.ts'

/** An address of this machine, and how Dynamo uses it. */
interface OwnAddress {
  readonly networkInterface: string
  /** Whether the interface also has IPv6 addresses, including link-local ones. */
  readonly hasIpv6: boolean
}

/**
 * How nodes reach this machine. Dynamo 1.4 requires the interface name for its response stream, and prefers an
 * interface's IPv6 address, where workers would never find it. For such interfaces, Dynamo makes its own choice, which
 * {@link requireHead} has verified. The interface is a placeholder if this machine does not have the address.
 */
export function headReach(head: string): Reach {
  const found = findHead(head)
  if (found === null) return { address: head, networkInterface: `<interface of ${head}>` }
  return { address: head, networkInterface: found.hasIpv6 ? null : found.networkInterface }
}

function findHead(head: string): OwnAddress | null {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === head),
  )
  if (found === undefined) return null
  const [networkInterface, addresses = []] = found
  const hasIpv6 = head !== '127.0.0.1' && addresses.some(({ family }) => family === 'IPv6')
  return { networkInterface, hasIpv6 }
}

/**
 * Ensures that the head's address belongs to this machine, and that Dynamo will listen on it.
 * @throws FulcrumError bad-input `head-not-here`; environment `head-not-listened-on`
 */
export async function requireHead(head: string): Promise<void> {
  const found = findHead(head)
  if (found === null) {
    const here = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
    throw new FulcrumError(
      'bad-input',
      'head-not-here',
      `deploy.head is ${head}, which is not an address of this machine`,
      {
        where: head,
        remedy: `Write the address by which the nodes reach this machine: one of ${here.map(({ address }) => address).join(', ')}.`,
      },
    )
  }
  if (!found.hasIpv6) return
  const chosen = await addressOutward()
  if (chosen === head) return
  const { networkInterface } = found
  const message = `Dynamo’s frontend would not listen on ${head}: ${networkInterface} has an IPv6 address too, which it would take, and by itself it takes ${chosen ?? 'none'}`
  throw new FulcrumError('environment', 'head-not-listened-on', message, {
    where: networkInterface,
    remedy: `Turn IPv6 off on it (sysctl net.ipv6.conf.${networkInterface}.disable_ipv6=1)${chosen === null ? '' : `, or write head: ${chosen} if the nodes reach that`}.`,
  })
}

/** This machine's outbound address, which programs use by default; null without a route. */
async function addressOutward(): Promise<string | null> {
  const socket = createSocket('udp4')
  try {
    // Connecting a datagram socket only looks up the route; nothing is sent. 192.0.2.0/24 is reserved for documentation
    // (RFC 5737).
    socket.connect(9, '192.0.2.1')
    await once(socket, 'connect')
    return socket.address().address
  } catch {
    return null
  } finally {
    socket.close()
  }
}

const lowestPort = 20_000
const portCount = 12_000
const attempts = 50

/**
 * A port on another machine that does not respond and was not handed out before; below the range of outgoing
 * connections.
 * @throws FulcrumError (environment, `no-free-port`)
 */
export async function freePortAt(address: string, handedOut: Set<number>): Promise<number> {
  for (let i = 0; i < attempts; i++) {
    const port = lowestPort + Math.floor(Math.random() * portCount)
    if (handedOut.has(port) || (await portAnswers(address, port, { timeoutMs: 1_000 }))) continue
    handedOut.add(port)
    return port
  }
  throw new FulcrumError('environment', 'no-free-port', 'Found no free port', { where: address, retryable: true })
}

/**
 * Ensures that nothing responds on a port of another machine. This is the closest to a free port that can be checked
 * from here.
 * @throws FulcrumError environment `port-taken`
 */
export async function requireSilentPort(address: string, port: number, what: string): Promise<void> {
  if (!(await portAnswers(address, port, { timeoutMs: 1_000 }))) return
  throw new FulcrumError('environment', 'port-taken', `Port ${port} for the ${what} is in use there`, {
    where: `${address}:${port}`,
    remedy: 'Stop that program, choose another port, or remove the port to use a free one.',
    retryable: true,
  })
}
