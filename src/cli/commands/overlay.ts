import type { Command } from 'commander'
import { overlayText } from '../../render/terminal/overlay.ts'
import { jsonText } from '../json-text.ts'
import { repeated } from '../options.ts'

interface OverlayOptions {
  readonly label?: readonly string[]
  readonly to?: string
  readonly out?: string
  readonly byVariant?: boolean
  readonly json?: true
}

/** `fulcrum overlay RUN…` */
export function addOverlay(program: Command): void {
  program
    .command('overlay')
    .argument('<run...>', 'Folders of runs, or of a sweep for all its runs')
    .description('Draw the frontiers of several runs in one page: builds, backends, hardware, models')
    .option('--label <name>', 'Name of a run in the picture, in the order of the runs (repeatable)', repeated)
    .option('--by-variant', 'Give each variant of a run frontiers of its own')
    .option('--to <file>', 'File of the page, or a folder (default: overlay.html)')
    .option('--out <file>', 'Same as --to')
    .option('--json', "Print each run's frontier and the page's path as JSON")
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum overlay results/nightly/A results/nightly/B
  $ fulcrum overlay results/vllm/A results/trtllm/B --label vLLM --label TensorRT-LLM
  $ fulcrum overlay results/nightly --to nightly.html
  $ fulcrum overlay results/router-modes/A --by-variant

The page is one file without network access. It has the axes, filters, zoom,
a table, and what is shown as SVG, PNG and CSV. Its address keeps the choice, so
a copied link opens the same picture.

Each frontier is of one run and one workload. Points that are invalid, failed or
miss their SLO are marked and never part of one. The page names runs that were
measured in a different way or under different conditions from the first one.`,
    )
    .action(async (runs: string[], { label, byVariant = false, to, out, json }: OverlayOptions) => {
      const { overlayRuns } = await import('../../commands/overlay.ts')
      const overlay = await overlayRuns({ runs, labels: label ?? [], byVariant, to: to ?? out ?? 'overlay.html' })
      if (json) console.log(jsonText(overlay))
      else console.log(`${overlayText(overlay)}\n\noverlay: ${overlay.page}`)
    })
}
