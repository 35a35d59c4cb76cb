import { type Command, Option } from 'commander'
import type { CapacityFlags } from '../../commands/capacity/flags.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addOpen, addOut, deprecated, openIfAsked } from '../options.ts'

type CapacityOptions = CapacityFlags & {
  readonly run?: string
  readonly twin?: string
  readonly out: string
  readonly to?: string
  readonly json?: true
  readonly open?: true
  readonly csv?: true
  readonly markdown?: true
}

/** `fulcrum capacity FILE|RUN` */
export function addCapacity(program: Command): void {
  const command = program
    .command('capacity')
    .argument(
      '<file-or-run>',
      'Capacity file (docs/reference/capacity-file.md), or the folder of a run with the options below',
    )
    .argument('[run]', 'Folder of the run for a capacity file (default: the run that the file names, else the newest)')
    .description(
      'Plan which deployment serves your traffic under an SLO, and on how many GPUs and nodes, from the points of a run',
    )
    .addOption(new Option('--run <dir>', 'Deprecated: give the run as the second argument').hideHelp())
    .option('--twin <file>', 'Twin to replay the plan on (default: twin.json in the run, if there is one)')
    .option('--rps <n>', 'Requests/s in the busiest hour')
    .option('--mean-rps <n>', 'Mean requests/s over a day')
    .option('--users <n>', 'Concurrent users in the busiest hour')
    .option('--think <s>', 'Seconds between an answer and the next request of the same user (default: 30)')
    .option('--trace <file>', 'Recorded requests: Mooncake JSONL, or CSV (Mooncake, Azure, BurstGPT, Vidur)')
    .option('--trace-unit <unit>', 'Unit of numeric times in the trace: s, ms, us or ns (default: the most likely)')
    .option('--mix <weights>', 'Workloads of the run with their weights, such as 8000/256=0.7,1000/1000=0.3')
    .option('--day <shape>', 'Shape of a day: flat, office or evening')
    .option('--growth <share>', 'Growth per month, such as 0.05 or 5%')
    .option('--months <n>', 'Months that the plan covers')
    .option('--slo-ttft-p95 <ms>', 'Highest TTFT p95 (default without any --slo-… option: the SLO of the run)')
    .option('--slo-itl-p95 <ms>', 'Highest ITL p95')
    .option('--slo-latency-p95 <ms>', 'Highest request latency p95')
    .option('--gpus-per-node <n>', 'GPUs per node (default: 8)')
    .option('--nodes <n>', 'Available nodes')
    .option('--price <amount>', 'Price of a GPU-hour')
    .option('--currency <code>', 'Currency of the price as an ISO 4217 code, such as EUR')
    .option('--nodes-lost <n>', 'Nodes that may fail at the peak (default: 1)')
    .option('--to <dir>', 'Folder for capacity.html, capacity.md, capacity.csv and capacity.json')
    .option('--markdown', 'Print Markdown')
    .option('--csv', 'Print CSV: one row per deployment')
    .option('--json', 'Print JSON')
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum capacity results/nightly/… --rps 20 --slo-ttft-p95 2000 --slo-itl-p95 25 --price 3.5 --currency EUR
  $ fulcrum capacity results/nightly/… --users 3000 --think 45 --day office --growth 5% --months 12
  $ fulcrum capacity sweeps/capacity/chat.yaml results/capacity/… --to plan/

The command reads a run and starts nothing. It exits with code 1 if no measured
deployment can serve the traffic.`,
    )
    .action(async (target: string, second: string | undefined, options: CapacityOptions) => {
      const { planCapacityOf } = await import('../../commands/capacity.ts')
      const { run: old, twin, out, to, json, csv, markdown, open, ...flags } = options
      if (open && to === undefined) command.error('error: --open needs --to DIR')
      if (old !== undefined) deprecated('--run DIR', 'fulcrum capacity FILE RUN')
      const run = second ?? old
      using interrupted = interruption({ quiet: true })
      const answer = await planCapacityOf({
        target,
        flags,
        resultsRoot: out,
        signal: interrupted.signal,
        ...defined({ run, twin, to }),
      })
      if (json) console.log(jsonText(answer.view, 2))
      else if (csv) process.stdout.write((await import('../../render/page/capacity/csv.ts')).capacityCsv(answer.view))
      else if (markdown) process.stdout.write(answer.markdown)
      else console.log((await import('../../render/terminal/capacity.ts')).capacityText(answer))
      if (!answer.view.serves) process.exitCode = exitCodes.pointsFailed
      await openIfAsked(
        open,
        answer.files.find(file => file.endsWith('capacity.html')),
      )
    })
}
