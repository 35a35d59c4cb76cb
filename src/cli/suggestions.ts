import type { Argument, Command, Option } from 'commander'

/** A word that can follow on a command line. */
export interface Suggestion {
  readonly word: string
  readonly about: string
}

/**
 * Completions for the last word of a command line. Empty where a file, a run or free text is expected, which the shell
 * completes with files.
 * @param words the words after `fulcrum`; the last one is the word to complete, possibly empty
 */
export function suggestions(program: Command, words: readonly string[]): readonly Suggestion[] {
  const { current, command, isNamed, option: asking, argument } = cursorIn(program, words)
  const helper = command.createHelp()
  const options = helper.visibleOptions(command)
  const starting = (found: readonly Suggestion[]) => found.filter(({ word }) => word.startsWith(current))
  if (asking !== undefined) return starting((asking.argChoices ?? []).map(word => ({ word, about: '' })))
  if (current.startsWith('-'))
    return starting(options.flatMap(({ long, description }) => (long ? [{ word: long, about: description }] : [])))
  const commands = isNamed
    ? []
    : helper
        .visibleCommands(command)
        .map(sub => ({ word: sub.name(), about: sub.summary() || helper.subcommandDescription(sub) }))
  const choices = argument?.argChoices ?? []
  return starting([...commands, ...choices.map(word => ({ word, about: '' }))])
}

/** The position of the last word of a command line. */
export interface Cursor {
  /** The typed part of the last word. */
  readonly current: string
  readonly command: Command
  /** Whether an earlier word is not a subcommand of the command. */
  readonly isNamed: boolean
  /** The option whose value the word is. */
  readonly option: Option | undefined
  /** The argument that the word is, unless it is an option or the value of an option. */
  readonly argument: Argument | undefined
  /** The arguments before it. */
  readonly given: readonly string[]
  /** The value of an option in the words before; undefined if it is not given. */
  readonly optionValue: (long: string) => string | undefined
}

/** Finds the position of the last word of a command line. */
export function cursorIn(program: Command, words: readonly string[]): Cursor {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { command, isNamed } = commandOf(program, before)
  const options = command.createHelp().visibleOptions(command)
  const option = options.find(one => isValueNext(one, before.at(-1)))
  const given = positionals(options, before, command)
  const { registeredArguments: all } = command
  const last = all.at(-1)
  const argument = all[given.length] ?? (last?.variadic ? last : undefined)
  const optionValue = (long: string) => {
    const at = before.lastIndexOf(long)
    return at < 0 ? before.findLast(word => word.startsWith(`${long}=`))?.slice(long.length + 1) : before[at + 1]
  }
  const isArgument = option === undefined && !current.startsWith('-')
  return { current, command, isNamed, option, argument: isArgument ? argument : undefined, given, optionValue }
}

/** The innermost command that the words name, and whether a later word is not one of its subcommands. */
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

/** The arguments of the command among the words. */
function positionals(options: readonly Option[], words: readonly string[], command: Command): readonly string[] {
  const at = words.lastIndexOf(command.name())
  return words
    .slice(at + 1)
    .filter(
      (word, index, rest) => !word.startsWith('-') && !options.some(option => isValueNext(option, rest[index - 1])),
    )
}
