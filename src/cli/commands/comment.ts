import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/index.ts'
import { ciLinks } from '../ci-links.ts'
import { jsonText } from '../json-text.ts'

interface CommentOptions {
  readonly key?: string
  readonly without?: string
  readonly reportUrl?: string
  readonly runUrl?: string
  readonly repositoryUrl?: string
  readonly json?: true
}

/** `fulcrum comment DIR` */
export function addComment(program: Command): void {
  program
    .command('comment')
    .argument('[comparison]', 'Folder that fulcrum compare --to wrote')
    .description('Print a comparison as the body of a pull request comment, with a hidden marker for updating it')
    .option('--report-url <url>', "Address of the report's artifact")
    .option(
      '--run-url <url>',
      'Address of the workflow run (default: from the environment of GitHub Actions or GitLab)',
    )
    .option('--repository-url <url>', 'Address of the repository, to link revisions (default: as for --run-url)')
    .option('--without <why>', 'Comment that there is no comparison, and why; needs --key')
    .option(
      '--key <text>',
      'Key that distinguishes this comment from others on the pull request (default: the name of the sweep)',
    )
    .option('--json', 'Print JSON with marker and body')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum compare baseline "$head" --fail-on "itl_p95>5%" --to comparison
  $ fulcrum comment comparison --report-url "$ARTIFACT_URL" > comment.md
  $ fulcrum comment --without "no baseline yet" --key nightly > comment.md

The first line is the marker, an HTML comment that readers do not see. To keep
one comment for each pull request, look for a comment that begins with it, and
replace its body. docs/ci has examples for GitHub Actions and GitLab.

With --without, the comment states why there is no comparison. It replaces the
comment of an earlier revision, so that no outdated verdict remains.

The command prints the findings of fulcrum compare and tests nothing itself, so
the exit code is 0 even if a gate failed. Use fulcrum compare as the gate.`,
    )
    .action(async (folder: string | undefined, options: CommentOptions) => {
      const { commentOn, commentWithoutComparison } = await import('../../commands/comment.ts')
      const { key, without, reportUrl, runUrl, repositoryUrl, json } = options
      if ((folder === undefined) === (without === undefined))
        throw new FulcrumError(
          'bad-input',
          'comment-of-what',
          'Give the folder of a comparison, or --without, not both.',
          {
            remedy: 'fulcrum comment comparison, or fulcrum comment --without "no baseline yet" --key nightly.',
          },
        )
      const links = {
        ...ciLinks(process.env),
        ...defined({ report: reportUrl, run: runUrl, repository: repositoryUrl }),
      }
      const comment =
        folder === undefined
          ? commentWithoutComparison(without ?? '', key, links)
          : await commentOn({ folder, ...defined({ key }), links })
      if (json) console.log(jsonText(comment, 2))
      else process.stdout.write(comment.body.endsWith('\n') ? comment.body : `${comment.body}\n`)
    })
}
