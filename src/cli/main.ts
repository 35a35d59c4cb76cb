import { Command, CommanderError } from 'commander'
import { exitCodes, fulcrumVersion } from '../index.ts'
import { addBaseline } from './commands/baseline.ts'
import { addCapacity } from './commands/capacity.ts'
import { addCompare } from './commands/compare.ts'
import { addCrosscheck } from './commands/crosscheck.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExport } from './commands/export.ts'
import { addHistory } from './commands/history.ts'
import { addImport } from './commands/import.ts'
import { addInit } from './commands/init.ts'
import { addLeftovers } from './commands/leftovers.ts'
import { addPlan } from './commands/plan.ts'
import { addReport } from './commands/report.ts'
import { addResume } from './commands/resume.ts'
import { addRun } from './commands/run.ts'
import { addServe } from './commands/serve.ts'
import { addShard } from './commands/shard.ts'
import { addStatus } from './commands/status.ts'
import { addTune } from './commands/tune.ts'
import { addTwin } from './commands/twin.ts'
import { addValidate } from './commands/validate.ts'
import { printError } from './print-error.ts'

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
  const program = new Command('fulcrum')
    .description(about)
    .version(await fulcrumVersion())
    .addHelpText('after', after)
    .showSuggestionAfterError()
    .showHelpAfterError('(fulcrum --help shows the commands)')
    .exitOverride()
  for (const add of [
    addInit,
    addValidate,
    addPlan,
    addRun,
    addResume,
    addStatus,
    addReport,
    addTune,
    addTwin,
    addCapacity,
    addExport,
    addCompare,
    addBaseline,
    addHistory,
    addImport,
    addServe,
    addCrosscheck,
    addDoctor,
    addLeftovers,
    addShard,
  ]) {
    add(program)
  }
  for (const command of program.commands) for (const part of [command, ...command.commands]) part.exitOverride()
  const json = argv.includes('--json')
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
    else process.exitCode = printError(error, json)
  }
}
