import { appendFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Compared } from '../../commands/compare.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/error.ts'
import { comparisonText } from '../../render/terminal/comparison.ts'
import { wholeNumber } from '../whole-number.ts'

interface CompareOptions {
  readonly failOn: readonly string[]
  readonly allowLost: number
  readonly to?: string
  readonly json?: true
  readonly markdown?: true
}

/** `fulcrum compare BASE HEAD…` */
export function addCompare(program: Command): void {
  program
    .command('compare')
    .argument('<base>', "folder of the base's run, or the word baseline")
    .argument('<head...>', 'folders of the runs to hold against it')
    .description('what changed between runs, point by point: by how much, and whether it is more than noise')
    .option(
      '--fail-on <threshold>',
      'exit with 1 when a change is that large and shown ("ttft_p95>5%"), a head is beyond a limit ("ttft_p95>2000ms") or misses its slo ("slo"), or that could not be tested; can be repeated',
      (threshold: string, before: readonly string[]) => [...before, threshold],
      [],
    )
    .option(
      '--allow-lost <n>',
      'test the gates even when up to n points that the base measured have no valid result in a head',
      wholeNumber({ from: 0 }),
      0,
    )
    .option('--to <dir>', 'write comparison.html, comparison.md, comparison.json, junit.xml and each chart there')
    .option('--markdown', 'print the comment for a pull request')
    .option('--json', 'print every change as JSON (one object a head)')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum compare results/nightly/A results/nightly/B
  $ fulcrum compare baseline results/nightly/B
  $ fulcrum compare A B --fail-on "itl_p95>5%" --fail-on "output_tokens_per_s_per_gpu<-3%"
  $ fulcrum compare A B --fail-on slo --fail-on "ttft_p95>2000ms" --fail-on "error_share>1%"
  $ fulcrum compare A B --to comparison/ --markdown > comment.md

--fail-on takes what fails, in three forms:
  FIGURE>N%, FIGURE<-N%   a change against the base that is that large, and shown to be more than noise
  FIGURE>LIMIT            any point of the head beyond a limit: ms, s, tokens/s, requests/s; % for error_share
  slo                     a workload of the head without a point that meets its SLO
A gate is passed, failed or not tested. It is not tested, with the reason, when points that the base measured failed, are invalid or are
missing in the head, when nothing is comparable, or when repeats give no estimate of noise. Exit codes: 0 each gate passed, 1 one failed
or was not tested, 2 bad input. --allow-lost N accepts up to N lost points.

Repeats say how a point varies within a run. Variation between runs comes from the base and the sweep's runs before it (also later ones
if these are few): four comparable runs, including the base, are enough. The verdict says what it rests on.

In GitHub Actions, gates that fail or are not tested become annotations, and the comment becomes the step's summary.`,
    )
    .action(async (base: string, heads: string[], options: CompareOptions) => {
      const { compareRunFolders } = await import('../../commands/compare.ts')
      const compared = await compareRunFolders({
        base,
        heads,
        failOn: options.failOn,
        allowLost: options.allowLost,
        ...defined({ to: options.to }),
      })
      for (const one of compared) {
        if (options.json) process.stdout.write(one.json)
        else if (options.markdown) process.stdout.write(one.markdown)
        else console.log(comparisonText(one))
      }
      await tellGitHub(compared)
      if (compared.some(one => one.gateBroken)) process.exitCode = exitCodes.pointsFailed
    })
}

/** Annotations go to stderr, which Actions reads as well, so that stdout stays what was asked for. */
async function tellGitHub(compared: readonly Compared[]): Promise<void> {
  if (process.env.GITHUB_ACTIONS !== 'true') return
  for (const one of compared) for (const annotation of one.annotations) console.error(annotation)
  const summary = process.env.GITHUB_STEP_SUMMARY
  if (summary) await appendFile(summary, `${compared.map(one => one.markdown).join('\n')}\n`)
}
