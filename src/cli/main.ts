import { Command, CommanderError } from 'commander'
import { fulcrumVersion } from '../journal/version.ts'
import { exitCodes } from '../model/error.ts'
import { commandList } from './command-list.ts'

const about = `Finds the prefill:decode balance of an LLM deployment: sweeps ISL/OSL, concurrency and prefill:decode ratios,
redeploys through NVIDIA Dynamo as it goes, measures every point, and reports the Pareto frontier.`

const after = `
Examples:
  $ fulcrum init                          write a sweep file to start from
  $ fulcrum plan sweeps/quick.yaml        what would be measured, in which order, and how long it takes
  $ fulcrum run sweeps/quick.yaml         measure it and write the report
  $ fulcrum status                        how the newest run stands
  $ fulcrum report results/quick/…        write the report of a run again

Exit codes: 0 fine, 1 points failed or invalid, 2 bad input, 3 environment, 130 interrupted.
Where --fail-on is given, 1 also when what it asks for failed or could not be tested.`

/** Parses the command line, runs one command, sets the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.includes('--json')
  try {
    const program = await programFor(argv.slice(2))
    await program.parseAsync([...argv])
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
    else process.exitCode = (await import('./print-error.ts')).printError(error, json)
  }
}

/** The program with the command that the words ask for; of the others it knows only what `fulcrum --help` lists. */
async function programFor(words: readonly string[]): Promise<Command> {
  const program = new Command('fulcrum')
    .description(about)
    .version(await fulcrumVersion())
    .addHelpText('after', after)
    .showSuggestionAfterError()
    .showHelpAfterError('(fulcrum --help shows the commands)')
    .exitOverride()
  const [first, second] = words.filter(word => !word.startsWith('-'))
  const asked = first === 'help' ? second : first
  for (const { name, summary, hidden = false, load } of commandList) {
    if (name === asked) (await load())(program)
    else program.command(name, { hidden }).summary(summary)
  }
  for (const command of program.commands) for (const part of [command, ...command.commands]) part.exitOverride()
  return program
}
