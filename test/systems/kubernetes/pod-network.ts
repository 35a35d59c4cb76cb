import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A network namespace of a pod's own. */
export interface PodAddress {
  readonly ip: string
  readonly namespace: string
  /** What a command begins with to run there. */
  readonly enter: readonly string[]
}

/** Gives pods addresses of their own on a bridge of this machine. */
export interface PodNetwork extends Disposable {
  /** This machine as the pods reach it. */
  readonly host: string
  /** @param names what the pod knows addresses by, in place of a cluster's name server */
  join(names: ReadonlyMap<string, string>): PodAddress
  leave(address: PodAddress): void
}

/** Why pods can't have a network of their own here; false when they can. */
export function noPodNetwork(): string | false {
  if (process.getuid?.() !== 0) return 'making network namespaces takes root'
  const probe = `fk-probe-${process.pid}`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'del', probe)
    return false
  } catch (error) {
    return `no network namespaces here: ${error instanceof Error ? error.message : String(error)}`
  }
}

export function createPodNetwork(): PodNetwork {
  const id = process.pid % 65_536
  // 198.18.0.0/15 is for tests between networks (RFC 2544).
  const network = `198.19.${id % 256}`
  const bridge = `fkb${id}`
  const joined = new Map<string, PodAddress>()
  let count = 0
  ip('link', 'add', bridge, 'type', 'bridge')
  // Without IPv6: Dynamo would take that address of an interface that has both.
  ip('link', 'set', bridge, 'addrgenmode', 'none')
  ip('addr', 'add', `${network}.1/24`, 'dev', bridge)
  ip('link', 'set', bridge, 'up')

  function leave({ namespace, ip: address }: PodAddress): void {
    if (!joined.delete(address)) return
    // A namespace is taken down some time after its name is gone, its links with it: these are to be gone now.
    quietly(() => ip('link', 'del', linkOf(address)))
    quietly(() => ip('netns', 'del', namespace))
    rmSync(etcOf(namespace), { recursive: true, force: true })
  }
  const linkOf = (address: string) => `fk${id}-${address.split('.').at(-1)}`
  const etcOf = (namespace: string) => join('/etc/netns', namespace)

  return {
    host: `${network}.1`,
    join: names => {
      count += 1
      const address = `${network}.${count + 1}`
      const namespace = `fk${id}-${count + 1}`
      ip('netns', 'add', namespace)
      const made = { ip: address, namespace, enter: ['ip', 'netns', 'exec', namespace] }
      joined.set(address, made)
      ip('link', 'add', linkOf(address), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      ip('link', 'set', linkOf(address), 'master', bridge, 'up')
      ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
      ip('-n', namespace, 'link', 'set', 'eth0', 'up')
      ip('-n', namespace, 'link', 'set', 'lo', 'up')
      // `ip netns exec` shows these files over /etc.
      mkdirSync(etcOf(namespace), { recursive: true })
      const lines = [...names].map(([name, target]) => `${target} ${name}\n`)
      writeFileSync(join(etcOf(namespace), 'hosts'), `127.0.0.1 localhost\n${lines.join('')}`)
      return made
    },
    leave,
    [Symbol.dispose]: () => {
      for (const address of [...joined.values()]) leave(address)
      quietly(() => ip('link', 'del', bridge))
    },
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** For what may already be gone. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // It was.
  }
}
