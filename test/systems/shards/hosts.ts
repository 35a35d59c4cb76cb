import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Hosts of their own network, each with an sshd, on a bridge of this machine. */
export interface Hosts extends AsyncDisposable {
  /** Of the bridge: what hosts reach this machine by. */
  readonly address: string
  /** Lets ssh find the hosts by name, with a key of their own. */
  readonly sshConfig: string
  /** Command lines of what runs on a host. */
  processes(host: string): string[]
  /** The same with their numbers. */
  pids(host: string): readonly { readonly pid: number; readonly command: string }[]
  /** Unplugs a host: no goodbye, just no packets. */
  cut(host: string): void
  /** Plugs a host in again. */
  join(host: string): void
}

/** Why such hosts can't be made here; false when they can. */
export function noHosts(): string | false {
  if (process.getuid?.() !== 0) return 'making network namespaces takes root'
  const missing = ['/usr/sbin/sshd', '/usr/bin/ssh', '/usr/bin/ssh-keygen'].filter(program => !existsSync(program))
  if (missing.length > 0) return `${missing.join(', ')} not installed`
  const probe = `fx-probe-${process.pid}`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'del', probe)
    execFileSync('unshare', ['--time', '--monotonic', '1', '--fork', 'true'], { stdio: 'ignore' })
    return false
  } catch (error) {
    return `no network or time namespaces here: ${error instanceof Error ? error.message : String(error)}`
  }
}

const sshPort = 2222
const readyLimitMs = 60_000

/**
 * Makes hosts out of network namespaces. Everything is gone after disposal.
 * @param uptimes by host name: seconds that its monotonic clock is ahead of this machine's
 * @param sshd lines of the sshd's configuration beside what makes it run here
 */
export async function createHosts(uptimes: Readonly<Record<string, number>>, sshd = ''): Promise<Hosts> {
  const id = process.pid % 65_536
  let network = ''
  const bridge = `fxb${id}`
  const folder = mkdtempSync(join(tmpdir(), 'fulcrum-hosts-'))
  // What the system makes for sshd at boot; others may rely on it by the time we end.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const daemons: ChildProcess[] = []
  const names = Object.keys(uptimes)
  const namespaceOf = (host: string) => `fx${id}-${host}`
  const linkOf = (host: string) => `fx${id}-${names.indexOf(host)}`
  const addressOf = (host: string) => `${network}.${names.indexOf(host) + 2}`

  async function dispose(): Promise<void> {
    for (const host of names) for (const pid of pidsIn(namespaceOf(host))) kill(pid)
    await Promise.all(daemons.map(ended))
    // A namespace is taken down some time after its name is gone, its links with it: these are to be gone now.
    for (const host of names) quietly(() => ip('link', 'del', linkOf(host)))
    for (const host of names) quietly(() => ip('netns', 'del', namespaceOf(host)))
    quietly(() => ip('link', 'del', bridge))
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    ip('link', 'add', bridge, 'type', 'bridge')
    // Without IPv6: Dynamo would take that address of an interface that has both.
    ip('link', 'set', bridge, 'addrgenmode', 'none')
    network = takeNetwork(id, bridge)
    ip('link', 'set', bridge, 'up')
    makeKey(join(folder, 'user'))
    makeKey(join(folder, 'host'))
    const hostKey = readFileSync(join(folder, 'host.pub'), 'utf8').trim()
    writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')), { mode: 0o600 })
    for (const host of names) {
      const namespace = namespaceOf(host)
      ip('netns', 'add', namespace)
      ip('link', 'add', linkOf(host), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      ip('link', 'set', linkOf(host), 'master', bridge, 'up')
      ip('-n', namespace, 'addr', 'add', `${addressOf(host)}/24`, 'dev', 'eth0')
      ip('-n', namespace, 'link', 'set', 'eth0', 'up')
      ip('-n', namespace, 'link', 'set', 'lo', 'up')
      // Programs that choose an address to be reached at take the one of this way out.
      ip('-n', namespace, 'route', 'add', 'default', 'via', `${network}.1`)
      const config = join(folder, `${host}.conf`)
      writeFileSync(config, `${daemonConfig(folder, addressOf(host))}${sshd}\n`)
      const uptime = String(uptimes[host] ?? 0)
      const daemon = ['unshare', '--time', '--monotonic', uptime, '--fork', '/usr/sbin/sshd', '-D', '-e', '-f', config]
      daemons.push(spawn('ip', ['netns', 'exec', namespace, ...daemon], { stdio: 'ignore' }))
    }
    const known = names.map(host => `[${addressOf(host)}]:${sshPort} ${hostKey}\n`).join('')
    writeFileSync(join(folder, 'known'), known)
    const sshConfig = join(folder, 'ssh_config')
    writeFileSync(sshConfig, names.map(host => clientConfig(folder, host, addressOf(host))).join(''))
    await Promise.all(names.map(host => answering(addressOf(host))))
    return {
      address: `${network}.1`,
      sshConfig,
      processes: host => pidsIn(namespaceOf(host)).map(commandLine),
      pids: host => pidsIn(namespaceOf(host)).map(pid => ({ pid, command: commandLine(pid) })),
      cut: host => ip('link', 'set', linkOf(host), 'down'),
      join: host => ip('link', 'set', linkOf(host), 'up'),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/**
 * Gives a bridge a network of its own in 198.18.0.0/15, which is for tests between networks (RFC 2544). Another test
 * that runs now may have chosen the same one: then both look on, each in other steps.
 */
function takeNetwork(id: number, bridge: string): string {
  for (let attempt = 0; attempt < 256; attempt++) {
    const network = `198.18.${(id + attempt * (1 + 2 * (id >> 8))) % 256}`
    const taken = () => ip('-o', '-4', 'addr', 'show', 'to', `${network}.1`).trim().split('\n').filter(Boolean).length
    if (taken() > 0) continue
    ip('addr', 'add', `${network}.1/24`, 'dev', bridge)
    if (taken() === 1) return network
    ip('addr', 'del', `${network}.1/24`, 'dev', bridge)
  }
  throw new Error('every network for tests is taken')
}

function daemonConfig(folder: string, address: string): string {
  return `Port ${sshPort}
ListenAddress ${address}
HostKey ${join(folder, 'host')}
AuthorizedKeysFile ${join(folder, 'authorized')}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`
}

function clientConfig(folder: string, host: string, address: string): string {
  return `Host ${host}
  HostName ${address}
  Port ${sshPort}
  User root
  IdentityFile ${join(folder, 'user')}
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  UserKnownHostsFile ${join(folder, 'known')}
`
}

function makeKey(file: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
  chmodSync(file, 0o600)
}

async function answering(address: string): Promise<void> {
  const deadline = performance.now() + readyLimitMs
  for (;;) {
    const answered = await new Promise<boolean>(resolve => {
      const socket = connect({ host: address, port: sshPort, timeout: 1000 })
      const done = (yes: boolean) => {
        socket.destroy()
        resolve(yes)
      }
      socket.once('data', () => done(true))
      for (const event of ['error', 'timeout', 'close']) socket.once(event, () => done(false))
    })
    if (answered) return
    if (performance.now() > deadline) throw new Error(`the sshd at ${address} didn't answer`)
    await sleep(50)
  }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function pidsIn(namespace: string): number[] {
  try {
    return ip('netns', 'pids', namespace).split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  quietly(() => process.kill(pid, 'SIGKILL'))
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => child.once('exit', () => resolve()))
}

/** For what may already be done. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // It was.
  }
}
