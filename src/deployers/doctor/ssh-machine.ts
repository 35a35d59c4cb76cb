import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Options } from 'execa'
import { atMost } from '../../process/at-most.ts'
import { retryingSsh, sshFailed, sshFailure } from '../../process/ssh-failure.ts'
import { connectionCommand, connectionUpCommand, type SshRoute, sshCommand } from '../launch/ssh.ts'
import type { SshConfig } from '../nodes/keys.ts'
import { type Machine, type ProgramOutput, programLimitMs } from './machine.ts'

/** A node that runs short programs over one ssh connection. Bash reports missing programs. */
export interface SshMachine extends Machine {
  /**
   * Interacts with a program: passes `use` the local command line that runs it there.
   * @param use safe to repeat; throws {@link sshFailed} if ssh failed
   */
  talk<T>(argv: readonly string[], use: (local: readonly [string, ...string[]]) => Promise<T>): Promise<T>
  /** Ends the connection. */
  close(): Promise<void>
}

/**
 * Concurrent sessions. sshd allows ten per connection by default (`MaxSessions`), and one of them holds the connection.
 */
const sessionsAtOnce = 6
/** Concurrent connections to all nodes. They may share a jump host, whose sshd drops some of more than ten. */
const connectInTurn = atMost(6)
const checkEveryMs = 50

/**
 * Connects to a node. The connection ends when it is closed or this process ends.
 * @throws FulcrumError environment `ssh-failed`
 */
export async function connectToMachine(host: string, ssh: SshConfig): Promise<SshMachine> {
  // Short, because a socket's path is limited to about a hundred characters.
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-doctor-'))
  const route: SshRoute = { host, ssh, socket: join(folder, '%C') }
  const remove = () => {
    process.off('exit', remove)
    rmSync(folder, { recursive: true, force: true })
  }
  // An interrupted doctor does not wait for its checks.
  process.on('exit', remove)
  try {
    const connection = await connectInTurn(() => retryingSsh(() => hold(route)))
    return {
      ...machineThrough(host, argv => sshCommand(route, argv)),
      close: async () => {
        await connection.end()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/**
 * A node that runs a few short programs at a time, and repeats those whose ssh connection was cut.
 * @param command local command line that runs a program there
 */
export function machineThrough(
  host: string,
  command: (argv: readonly string[]) => readonly [string, ...string[]],
): Omit<SshMachine, 'close'> {
  const inTurn = atMost(sessionsAtOnce)
  const name = nameOf(host)
  return {
    name,
    run: (program, args, env = {}, limitMs = programLimitMs) => {
      const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`)
      const argv = command(['env', ...variables, program, ...args])
      return inTurn(() => retryingSsh(() => runThere(name, argv, limitMs)))
    },
    talk: (argv, use) => inTurn(() => retryingSsh(() => use(command(argv)))),
  }
}

const nameOf = (host: string) => `node ${host}`

const quietly = { reject: false } satisfies Options

/** Opens the shared connection. */
async function hold(route: SshRoute): Promise<{ end(): Promise<void> }> {
  const [program, ...args] = connectionCommand(route)
  const { execa } = await import('execa')
  const child = execa(program, args, { ...quietly, stdin: 'pipe' })
  child.stdin.on('error', () => {})
  const startedMs = performance.now()
  const [check, ...checkArgs] = connectionUpCommand(route)
  for (;;) {
    const up = await execa(check, checkArgs, { ...quietly, stdin: 'ignore', timeout: programLimitMs })
    if (!up.failed) break
    const ended = await Promise.race([child, sleep(checkEveryMs)])
    const late = ended === undefined && performance.now() - startedMs > programLimitMs
    if (late) child.kill()
    if (ended === undefined && !late) continue
    const { exitCode, stderr, originalMessage } = await child
    const why = stderr.trim().split('\n').at(-1) || originalMessage || `no answer within ${programLimitMs / 1000} s`
    throw sshFailed(nameOf(route.host), sshFailure(exitCode, stderr) ?? { why, passing: false })
  }
  return {
    end: async () => {
      child.stdin.end()
      const timer = setTimeout(() => child.kill(), 2_000)
      await child
      clearTimeout(timer)
    },
  }
}

async function runThere(name: string, argv: readonly [string, ...string[]], limitMs: number): Promise<ProgramOutput> {
  const [local, ...rest] = argv
  const { execa } = await import('execa')
  const result = await execa(local, rest, { ...quietly, timeout: limitMs, stdin: 'ignore' })
  const failure = result.timedOut ? null : sshFailure(result.exitCode, result.stderr)
  if (failure !== null) throw sshFailed(name, failure)
  const lastLine = (text: string) => text.trim().split('\n').at(-1)
  const complaint = result.timedOut
    ? `no answer within ${limitMs / 1000} s`
    : lastLine(result.stderr) || result.originalMessage || lastLine(result.stdout) || `exit code ${result.exitCode}`
  return { ok: !result.failed, absent: result.exitCode === 127, out: result.stdout.trim(), complaint }
}

/** Why ssh cannot reach a node, and the remedy. */
export function sshTrouble(complaint: string, host: string): readonly [detail: string, remedy: string] {
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /Permission denied|Too many authentication failures/i,
      `Make ssh work without a prompt: run ssh-copy-id ${host}, or load the key into ssh-agent.`,
    ],
    [
      /Host key verification failed|REMOTE HOST IDENTIFICATION/i,
      `Add its host key: run ssh ${host} once by hand, and compare the key.`,
    ],
    [/Could not resolve|Name or service not known/i, 'Correct the name, or set HostName in the ssh configuration.'],
    [/timed out|No route|refused|unreachable/i, 'Check that the node is up and that no firewall blocks ssh.'],
  ]
  const remedy = known.find(([pattern]) => pattern.test(complaint))?.[1]
  return [complaint, remedy ?? `Make \`ssh ${host} true\` work without a password or a prompt.`]
}
