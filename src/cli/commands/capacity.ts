import type { Command } from 'commander'
import type { CapacityFlags } from '../../commands/capacity/flags.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/error.ts'
import { interruption } from '../interruption.ts'

type CapacityOptions = CapacityFlags & {
  readonly run?: string
  readonly twin?: string
  readonly out: string
  readonly to?: string
  readonly json?: true
  readonly markdown?: true
}

/** `fulcrum capacity FILE|RUN` */
export function addCapacity(program: Command): void {
  program
    .command('capacity')
    .argument(
      '<file-or-run>',
      'a capacity file (docs/reference/capacity-file.md), or the folder of a run with the flags below',
    )
    .description(
      'how many GPUs and nodes of which deployment serve your traffic under an SLO, from what a run measured',
    )
    .option('--run <dir>', 'the run that a capacity file is answered from; the newest one when nothing names it')
    .option('--twin <file>', 'replay the plan on this twin; the run’s own (fulcrum twin fit RUN) when left out')
    .option('--rps <n>', 'requests/s in the busiest hour')
    .option('--mean-rps <n>', 'requests/s on the mean of a day')
    .option('--users <n>', 'people at once in the busiest hour')
    .option('--think <s>', 'seconds between an answer and the same person’s next request (30)')
    .option('--trace <file>', 'recorded requests: Mooncake JSONL, or CSV (Mooncake, Azure, BurstGPT, Vidur)')
    .option('--trace-unit <unit>', 'unit of its times where they are numbers: s, ms, us or ns; the likeliest by itself')
    .option('--mix <weights>', 'workloads of the run with weights: 8000/256=0.7,1000/1000=0.3')
    .option('--day <shape>', 'flat, office or evening')
    .option('--growth <share>', 'growth a month: 0.05 or 5%')
    .option('--months <n>', 'months that the plan is to hold')
    .option('--slo-ttft-p95 <ms>', 'TTFT p95 at most; without any --slo-…, the run’s own SLO')
    .option('--slo-itl-p95 <ms>', 'ITL p95 at most')
    .option('--slo-latency-p95 <ms>', 'request latency p95 at most')
    .option('--gpus-per-node <n>', 'GPUs of a node (8)')
    .option('--nodes <n>', 'nodes that can be had')
    .option('--price <amount>', 'price of a GPU for an hour')
    .option('--currency <code>', 'currency of the price, an ISO 4217 code such as EUR; without it amounts are in units')
    .option('--nodes-lost <n>', 'nodes that may be lost at the peak (1)')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--to <dir>', 'write capacity.html, capacity.md and capacity.json there')
    .option('--markdown', 'print Markdown')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum capacity results/nightly/… --rps 20 --slo-ttft-p95 2000 --slo-itl-p95 25 --price 3.5 --currency EUR
  $ fulcrum capacity results/nightly/… --users 3000 --think 45 --day office --growth 5% --months 12
  $ fulcrum capacity sweeps/capacity/chat.yaml --run results/capacity/… --to plan/

Reads a run and starts nothing. Exits with 1 when nothing measured serves the traffic.`,
    )
    .action(async (target: string, options: CapacityOptions) => {
      const { planCapacityOf } = await import('../../commands/capacity.ts')
      const { run, twin, out, to, json, markdown, ...flags } = options
      using interrupted = interruption()
      const answer = await planCapacityOf({
        target,
        flags,
        resultsRoot: out,
        signal: interrupted.signal,
        ...defined({ run, twin, to }),
      })
      if (json) console.log(JSON.stringify(answer.view, null, 2))
      else if (markdown) process.stdout.write(answer.markdown)
      else console.log((await import('../../render/terminal/capacity.ts')).capacityText(answer))
      if (!answer.view.serves) process.exitCode = exitCodes.pointsFailed
    })
}
