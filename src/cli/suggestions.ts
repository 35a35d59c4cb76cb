import type { Command, Option } from 'commander'

/** A word that can follow on a command line. */
export interface Suggestion {
  readonly word: string
  readonly about: string
}

/**
 * What can stand in place of the last word of a command line; nothing where a file, a run or a free text is expected,
 * which a shell completes with files.
 * @param words what follows `fulcrum`; the last one is the word to complete, possibly empty
 */
export function suggestions(program: Command, words: readonly string[]): readonly Suggestion[] {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { command, isNamed } = commandOf(program, before)
  const helper = command.createHelp()
  const options = helper.visibleOptions(command)
  const starting = (found: readonly Suggestion[]) => found.filter(({ word }) => word.startsWith(current))
  const asking = options.find(option => isValueNext(option, before.at(-1)))
  if (asking !== undefined) return starting((asking.argChoices ?? []).map(word => ({ word, about: '' })))
  if (current.startsWith('-'))
    return starting(options.flatMap(({ long, description }) => (long ? [{ word: long, about: description }] : [])))
  const commands = isNamed
    ? []
    : helper
        .visibleCommands(command)
        .map(sub => ({ word: sub.name(), about: sub.summary() || helper.subcommandDescription(sub) }))
  const choices = command.registeredArguments[positionals(options, before, command)]?.argChoices ?? []
  return starting([...commands, ...choices.map(word => ({ word, about: '' }))])
}

/** The innermost command that the words name, and whether a word follows that is none of its subcommands. */
function commandOf(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly isNamed: boolean } {
  let command = program
  for (const [index, word] of words.entries()) {
    const isValue = command.options.some(option => isValueNext(option, words[index - 1]))
    if (word.startsWith('-') || isValue) continue
    const inner = command.commands.find(sub => sub.name() === word)
    if (inner === undefined) return { command, isNamed: true }
    command = inner
  }
  return { command, isNamed: false }
}

const isValueNext = ({ long, short, required }: Option, word: string | undefined) =>
  required && word !== undefined && (word === long || word === short)

/** How many arguments of the command are written already. */
function positionals(options: readonly Option[], words: readonly string[], command: Command): number {
  const at = words.lastIndexOf(command.name())
  return words
    .slice(at + 1)
    .filter(
      (word, index, rest) => !word.startsWith('-') && !options.some(option => isValueNext(option, rest[index - 1])),
    ).length
}
