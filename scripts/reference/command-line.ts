import { Command } from 'commander'
import { main } from '../../src/cli/main.ts'

/** What the command line says of some arguments. */
export interface Said {
  /** What it prints: a help text, the version. */
  readonly out: string
  /** Why it refuses them; empty when it takes them. */
  readonly complaint: string
}

/**
 * Hands arguments to the real command line, whose commands do nothing once their arguments and options were read. One
 * at a time.
 */
export async function sayOf(words: readonly string[]): Promise<Said> {
  const { parseAsync } = Command.prototype
  const { exitCode } = process
  let out = ''
  let complaint = ''
  const listen = (command: Command) => {
    command.configureOutput({
      writeOut: text => {
        out += text
      },
      writeErr: text => {
        complaint += text
      },
      getOutHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    if (command.commands.length === 0) command.action(() => {})
    for (const part of command.commands) listen(part)
  }
  Command.prototype.parseAsync = function (...given) {
    listen(this)
    return parseAsync.apply(this, given)
  }
  process.exitCode = undefined
  try {
    await main([process.execPath, 'fulcrum', ...words])
    if (complaint === '' && process.exitCode !== undefined && process.exitCode !== 0)
      complaint = `exit code ${process.exitCode}`
  } finally {
    Command.prototype.parseAsync = parseAsync
    process.exitCode = exitCode
  }
  return { out, complaint }
}

/** The help of a command, as `fulcrum WORDS --help` prints it on 80 columns. */
export async function helpOf(...words: readonly string[]): Promise<string> {
  return (await sayOf([...words, '--help'])).out.trimEnd()
}

/** The commands that a help text lists, without `help` itself. */
export function commandsIn(help: string): readonly string[] {
  const [, listed = ''] = /\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(help) ?? []
  return [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]))
}

/** Every command with its help, in the order of `fulcrum --help`; a command with subcommands stands before them. */
export async function commandHelps(): Promise<readonly { readonly name: string; readonly help: string }[]> {
  const helps = [{ name: 'fulcrum', help: await helpOf() }]
  for (const command of commandsIn(helps[0]?.help ?? '')) {
    const help = await helpOf(command)
    helps.push({ name: `fulcrum ${command}`, help })
    for (const part of commandsIn(help))
      helps.push({ name: `fulcrum ${command} ${part}`, help: await helpOf(command, part) })
  }
  return helps
}
