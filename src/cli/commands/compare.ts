import { appendFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Compared } from '../../commands/compare.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { comparisonText } from '../../render/terminal/comparison.ts'
import { addOpen, addOut, openIfAsked, repeated } from '../options.ts'
import { wholeNumber } from '../whole-number.ts'

interface CompareOptions {
  readonly failOn?: readonly string[]
  readonly allowLost: number
  readonly out: string
  readonly to?: string
  readonly json?: true
  readonly open?: true
  readonly markdown?: true
}

/** `fulcrum compare BASE HEAD…` */
export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .argument('<base>', 'Folder or ID of the base run, or the word baseline')
    .argument('<head...>', 'Folders or IDs of the runs to compare with it')
    .description('Compare runs point by point: by how much each figure changed, and whether that is more than noise')
    .option(
      '--fail-on <gate>',
      'Exit with code 1 if the gate fails or cannot be tested: "ttft_p95>5%", "ttft_p95>2000ms" or "slo" (repeatable)',
      repeated,
    )
    .option(
      '--allow-lost <n>',
      'Test gates even if up to n points of the base have no valid result in a head',
      wholeNumber({ from: 0 }),
      0,
    )
    .option('--to <dir>', 'Folder for comparison.html, comparison.md, comparison.json, junit.xml and the charts')
    .option('--markdown', 'Print Markdown, such as a comment for a pull request')
    .option('--json', 'Print every change as JSON (one object per head)')
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum compare results/nightly/A results/nightly/B
  $ fulcrum compare baseline results/nightly/B
  $ fulcrum compare A B --fail-on "itl_p95>5%" --fail-on "output_tokens_per_s_per_gpu<-3%"
  $ fulcrum compare A B --fail-on slo --fail-on "ttft_p95>2000ms"
  $ fulcrum compare A B --to comparison/ --markdown > comment.md
  $ fulcrum compare baseline B C D --to comparison/

Gates (--fail-on) have four forms:
  FIGURE>N%, FIGURE<-N%  Fails if a figure changed by more than N% against the
                         base and the change is more than noise.
  FIGURE>LIMIT           Fails if any point of a head is beyond the limit (ms,
                         s, tokens/s, requests/s; % for error_share).
  accuracy<-Npp          Fails if the accuracy of a point fell by more than N
                         percentage points, and by more than chance.
  slo                    Fails if a workload of a head has no point that meets
                         its SLO.

With several heads, comparison.html in --to covers all of them: the outcome of
each, and their frontiers over the base's. Subfolders hold each head's files.

A gate is passed, failed or not tested. It is not tested, and the reason is
printed, if points of the base are failed, invalid or missing in a head, if no
points are comparable, or if repeats give no estimate of noise. Exit codes:
0 every gate passed, 1 a gate failed or was not tested, 2 bad input.

Noise within a run comes from repeats. Noise between runs comes from the base
and earlier runs of its sweep, and from later ones if there are few. Four
comparable runs, including the base, are enough. The verdict names its source.

In GitHub Actions, gates that failed or were not tested become annotations,
and the Markdown becomes the step summary.`,
    )
    .action(async (base: string, heads: string[], options: CompareOptions) => {
      if (options.open && options.to === undefined) command.error('error: --open needs --to DIR')
      const { compareRunFolders } = await import('../../commands/compare.ts')
      const { heads: compared, page } = await compareRunFolders({
        base,
        heads,
        resultsRoot: options.out,
        failOn: options.failOn ?? [],
        allowLost: options.allowLost,
        ...defined({ to: options.to }),
      })
      for (const one of compared) {
        if (options.json) process.stdout.write(one.json)
        else if (options.markdown) process.stdout.write(one.markdown)
        else console.log(comparisonText(one))
      }
      if (page !== null && !options.json && !options.markdown) console.log(`\nall heads: ${page}`)
      await tellGitHub(compared)
      if (compared.some(one => one.gateBroken)) process.exitCode = exitCodes.pointsFailed
      await openIfAsked(options.open, page ?? compared[0]?.files.find(file => file.endsWith('comparison.html')))
    })
}

/** Annotations go to stderr, which GitHub Actions reads as well, so that stdout contains only the comparison. */
async function tellGitHub(compared: readonly Compared[]): Promise<void> {
  if (process.env.GITHUB_ACTIONS !== 'true') return
  for (const one of compared) for (const annotation of one.annotations) console.error(annotation)
  const summary = process.env.GITHUB_STEP_SUMMARY
  if (summary) await appendFile(summary, `${compared.map(one => one.markdown).join('\n')}\n`)
}
