import { main } from '../../src/cli/main.ts'

/** The help of a command, as `fulcrum ARGS --help` prints it where there is no terminal (80 columns). */
export async function helpOf(...words: readonly string[]): Promise<string> {
  const { stdout } = process
  const { exitCode } = process
  const write = Object.getOwnPropertyDescriptor(stdout, 'write')
  const isTty = Object.getOwnPropertyDescriptor(stdout, 'isTTY')
  let printed = ''
  Object.defineProperty(stdout, 'isTTY', { value: false, configurable: true })
  Object.defineProperty(stdout, 'write', {
    value: (text: string) => {
      printed += text
      return true
    },
    configurable: true,
  })
  try {
    await main([process.execPath, 'fulcrum', ...words, '--help'])
  } finally {
    restore(stdout, 'write', write)
    restore(stdout, 'isTTY', isTty)
    process.exitCode = exitCode
  }
  return printed.trimEnd()
}

function restore(object: object, key: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) Reflect.deleteProperty(object, key)
  else Object.defineProperty(object, key, descriptor)
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
