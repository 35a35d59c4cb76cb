import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { FulcrumError } from '../../model/index.ts'
import { type SshRoute, sshCommand } from '../launch/ssh.ts'
import type { SshConfig } from '../nodes/keys.ts'
import { type Machine, programLimitMs } from './machine.ts'

/** A way to a node of its own, for a few short programs: no connection is shared or left open. */
export const routeTo = (host: string, ssh: SshConfig): SshRoute => ({ host, ssh, socket: 'none' })

/**
 * Connections to one node at a time. A default sshd (`MaxStartups 10:30:100`) drops some at random once ten have not
 * logged in yet; the clock and the way back take one each beside these.
 */
const connectionsAtOnce = 4
/** Pauses before a dropped connection is tried again, in ms. */
const pausesMs = [200, 600, 1500]
/** What ssh says of a connection that sshd dropped before it ran anything; trying again can help. */
const isDropped = (stderr: string) =>
  /kex_exchange_identification|ssh_exchange_identification|Connection (reset|closed) by|banner exchange/i.test(stderr)
/** The exit code of ssh for its own failures. */
const sshFailed = 255

/**
 * A node that short programs are run on over ssh; bash says there whether one is missing. A connection that sshd drops is
 * tried again; `run` rejects when it still is dropped, because nothing is known of the program then.
 * @param command makes the local command line; for tests
 */
export function machineOverSsh(host: string, ssh: SshConfig, command = sshCommand): Machine {
  const turn = turns(connectionsAtOnce)
  const once = async (argv: readonly string[], limitMs: number) => {
    const [local, ...rest] = command(routeTo(host, ssh), argv)
    return turn(() => execa(local, rest, { reject: false, timeout: limitMs, stdin: 'ignore' }))
  }
  return {
    name: `node ${host}`,
    run: async (program, args, env = {}, limitMs = programLimitMs) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const argv = ['env', ...variables, program, ...args]
      let result = await once(argv, limitMs)
      for (const pauseMs of pausesMs) {
        if (result.exitCode !== sshFailed || !isDropped(result.stderr)) break
        await setTimeout(pauseMs)
        result = await once(argv, limitMs)
      }
      const lastLine = (text: string) => text.trim().split('\n').at(-1)
      if (result.exitCode === sshFailed && isDropped(result.stderr)) {
        throw new FulcrumError('environment', 'ssh-dropped', lastLine(result.stderr) ?? 'the connection was dropped', {
          where: host,
          remedy: 'Look at the log of its sshd; MaxStartups, a firewall or fail2ban may drop connections.',
        })
      }
      const complaint = result.timedOut
        ? `no answer within ${limitMs / 1000} s`
        : lastLine(result.stderr) || result.originalMessage || lastLine(result.stdout) || `exit code ${result.exitCode}`
      return { ok: !result.failed, absent: result.exitCode === 127, out: result.stdout.trim(), complaint }
    },
  }
}

/** Runs at most `limit` tasks at a time, the others in the order of asking. */
function turns(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async task => {
    if (running >= limit) await new Promise<void>(resolve => waiting.push(resolve))
    else running++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

/** What keeps ssh from a node, and what to do about it. */
export function sshTrouble(complaint: string, host: string): readonly [detail: string, remedy: string] {
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /Permission denied|Too many authentication failures/i,
      `Let ssh in without a question: ssh-copy-id ${host}, or load the key into ssh-agent.`,
    ],
    [
      /Host key verification failed|REMOTE HOST IDENTIFICATION/i,
      `Make its host key known: ssh ${host} once by hand, and compare the key.`,
    ],
    [/Could not resolve|Name or service not known/i, 'Correct the name, or give it a HostName in ssh’s configuration.'],
    [/timed out|No route|refused|unreachable/i, 'Look whether the node is up, and at firewalls between.'],
  ]
  const remedy = known.find(([pattern]) => pattern.test(complaint))?.[1]
  return [complaint, remedy ?? `Make \`ssh ${host} true\` work without a password or a question.`]
}
