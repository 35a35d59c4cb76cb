import { Command } from 'commander'
import { fulcrumVersion } from '../journal/version.ts'
import { commandList } from './command-list.ts'
import { exitCodesHelp } from './exit-codes-help.ts'

const about = `Find the prefill:decode balance of an LLM deployment served by NVIDIA Dynamo. Fulcrum sweeps input and output lengths, load and \
prefill:decode ratios, redeploys as it goes, measures every point, and reports the Pareto frontier.`

const after = `
Examples:
  $ fulcrum init                       Write a sweep file
  $ fulcrum plan sweeps/quick.yaml     Show its points and how long they take
  $ fulcrum run sweeps/quick.yaml      Measure it and write the report
  $ fulcrum status                     Show the progress of the newest run
  $ fulcrum report results/quick/…     Rebuild the report of a run

${exitCodesHelp()}`

/** The program with the command that the words name. All other commands have only their line in `fulcrum --help`. */
export async function programFor(words: readonly string[]): Promise<Command> {
  const program = new Command('fulcrum')
    .description(about)
    .version(await fulcrumVersion(), '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Show help')
    .helpCommand('help [command]', 'Show the help of a command')
    .addHelpText('after', after)
    .showSuggestionAfterError()
    .showHelpAfterError('Run fulcrum --help for the list of commands.')
    .exitOverride()
  const [first, second] = words.filter(word => !word.startsWith('-'))
  const asked = first === 'help' ? second : first
  for (const { name, summary, hidden = false, load } of commandList) {
    if (name === asked) (await load())(program, programFor)
    else program.command(name, { hidden }).summary(summary)
  }
  for (const command of program.commands) for (const part of [command, ...command.commands]) part.exitOverride()
  return program
}
