import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { FulcrumError } from '../../point/index.ts'
import type { Reach } from './nodes.ts'

/** This machine as the nodes reach it; the interface is a placeholder when this machine has no such address. */
export function headReach(head: string): Reach {
  return { address: head, networkInterface: interfaceOf(head) ?? `<interface of ${head}>` }
}

function interfaceOf(head: string): string | null {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === head),
  )
  return found?.[0] ?? null
}

/**
 * Makes sure that the head's address is one of this machine.
 * @throws FulcrumError bad-input `head-not-here`
 */
export function requireHead(head: string): void {
  if (interfaceOf(head) !== null) return
  const here = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  throw new FulcrumError('bad-input', 'head-not-here', `deploy.head is ${head}, which is no address of this machine`, {
    where: head,
    remedy: `Write the address that the nodes reach this machine at: one of ${here.map(({ address }) => address).join(', ')}.`,
  })
}

const lowestPort = 20_000
const portCount = 12_000
const attempts = 50

/** A port of another machine that nobody answers on, and that was not handed out before; below the ports of outgoing connections. */
export async function freePortAt(address: string, handedOut: Set<number>): Promise<number> {
  for (let i = 0; i < attempts; i++) {
    const port = lowestPort + Math.floor(Math.random() * portCount)
    if (handedOut.has(port) || (await answers(address, port))) continue
    handedOut.add(port)
    return port
  }
  throw new FulcrumError('environment', 'no-free-port', 'Found no free port', { where: address })
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: 1_000 })
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
