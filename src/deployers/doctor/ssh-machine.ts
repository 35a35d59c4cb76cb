import { execa } from 'execa'
import { type SshRoute, sshCommand } from '../launch/ssh.ts'
import type { SshConfig } from '../nodes/keys.ts'
import { type Machine, programLimitMs } from './machine.ts'

/** A way to a node of its own, for a few short programs: no connection is shared or left open. */
export const routeTo = (host: string, ssh: SshConfig): SshRoute => ({ host, ssh, socket: 'none' })

/** A node that short programs are run on over ssh; bash says there whether one is missing. */
export function machineOverSsh(host: string, ssh: SshConfig): Machine {
  return {
    name: `node ${host}`,
    run: async (program, args, env = {}, limitMs = programLimitMs) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const [local, ...rest] = sshCommand(routeTo(host, ssh), ['env', ...variables, program, ...args])
      const result = await execa(local, rest, { reject: false, timeout: limitMs, stdin: 'ignore' })
      const lastLine = (text: string) => text.trim().split('\n').at(-1)
      const complaint = result.timedOut
        ? `no answer within ${limitMs / 1000} s`
        : lastLine(result.stderr) || result.originalMessage || lastLine(result.stdout) || `exit code ${result.exitCode}`
      return { ok: !result.failed, absent: result.exitCode === 127, out: result.stdout.trim(), complaint }
    },
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
