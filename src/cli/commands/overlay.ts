import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { overlayText } from '../../render/terminal/overlay.ts'
import { jsonText } from '../json-text.ts'
import { addOpen, addOut, deprecated, openIfAsked, repeated } from '../options.ts'

interface OverlayOptions {
  readonly label?: readonly string[]
  readonly to?: string
  readonly out: string
  readonly byVariant?: boolean
  readonly json?: true
  readonly open?: true
}

/** `fulcrum overlay RUN…` */
export function addOverlay(program: Command): void {
  const command = program
    .command('overlay')
    .argument('<run...>', 'Folders or IDs of runs, or the folder of a sweep for all its runs')
    .description('Draw the frontiers of several runs on one page: builds, backends, hardware, models')
    .option('--label <name>', 'Name of a run in the picture, in the order of the runs (repeatable)', repeated)
    .option('--by-variant', 'Draw separate frontiers for each variant of a run')
    .option('--to <file>', 'File of the page, or a folder (default: overlay.html)')
    .option('--json', "Print each run's frontier and the page's path as JSON")
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum overlay results/nightly/A results/nightly/B
  $ fulcrum overlay results/vllm/A results/trtllm/B --label vLLM --label TensorRT-LLM
  $ fulcrum overlay results/nightly --to nightly.html
  $ fulcrum overlay results/router-modes/A --by-variant

The page is one offline file with a choice of axes, filters, zoom and a table.
It exports the view as SVG, PNG and CSV. Its address contains the selection, so
a copied link opens the same view.

Each frontier belongs to one run and one workload. Points that failed, are
invalid or miss their SLO are marked and are not on a frontier. The page lists
runs that were measured differently from the first one, or under different
conditions.`,
    )
    .action(async (runs: string[], { label, byVariant = false, to, out, json, open }: OverlayOptions) => {
      const { overlayRuns } = await import('../../commands/overlay.ts')
      // Older releases took a page here. Without runs to look up by ID, the option still means that.
      const isGiven = command.getOptionValueSource('out') === 'cli'
      const isPage = isGiven && to === undefined && (out.endsWith('.html') || runs.every(run => existsSync(run)))
      if (isPage) deprecated('--out for the page', '--to')
      const resultsRoot = isPage ? 'results' : out
      const page = to ?? (isPage ? out : 'overlay.html')
      const overlay = await overlayRuns({ runs, labels: label ?? [], byVariant, resultsRoot, to: page })
      if (json) console.log(jsonText(overlay))
      else console.log(`${overlayText(overlay)}\n\noverlay: ${overlay.page}`)
      await openIfAsked(open, overlay.page)
    })
}
