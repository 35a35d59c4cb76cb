import type { Expectation } from '../../analysis/verify/expected.ts'
import { expectedLabel } from '../../analysis/verify/expected.ts'
import { counted, time, valueText } from '../views/format.ts'
import { escapeMarkdown } from './summary.ts'

/** How to deploy it without Fulcrum. */
interface Deployed {
  readonly steps: readonly { readonly command: string; readonly does: string }[]
  readonly url: string | null
}

/** Input of the README of a written deployment. */
export interface ReadmeInput {
  readonly expectation: Expectation
  /** Null if only Fulcrum can deploy it. */
  readonly deployed: Deployed | null
  /** Value of `deploy.with`. */
  readonly deployer: string
  /** Target folder. */
  readonly folder: string
}

/** README.md of a written deployment: how to deploy it, the figures to expect, how to verify them. */
export function deploymentReadme({ expectation, deployed, deployer, folder }: ReadmeInput): string {
  const { deployment, run, points } = expectation
  const revision = run.revision === null ? '' : ` at revision ${run.revision.slice(0, 12)}`
  return [
    `# ${escapeMarkdown(expectedLabel(deployment))}`,
    '',
    `Recommended by \`fulcrum tune\` from run ${escapeMarkdown(run.id)} of ${run.createdAt.slice(0, 10)}${revision}.`,
    '',
    '## Deploy it',
    '',
    ...deploySteps(deployed, deployer),
    '',
    '## What to expect',
    '',
    ...points.flatMap(pointLines),
    '## Verify it',
    '',
    'Measure these figures again and see whether they hold. Fulcrum starts the deployment itself:',
    '',
    `    fulcrum verify ${folder}`,
    '',
    'To measure the deployment that runs already, give its URL:',
    '',
    `    fulcrum verify ${folder} ${deployed?.url ?? 'http://HOST:PORT'}`,
    '',
  ].join('\n')
}

function deploySteps(deployed: Deployed | null, deployer: string): readonly string[] {
  if (deployed === null) {
    return [`Only Fulcrum deploys this: the deployer \`${deployer}\` has no files of its own. See "Verify it".`]
  }
  return deployed.steps.flatMap(({ command, does }, index) => [
    `${index + 1}. ${does}`,
    '',
    '   ```sh',
    ...command.split('\n').map(line => `   ${line}`),
    '   ```',
  ])
}

function pointLines({ workload, load, figures, slo }: Expectation['points'][number]): readonly string[] {
  const repeats = figures[0]?.repeats.length ?? 0
  const once = repeats < 2 ? ' One measurement does not show noise, so there are no intervals.' : ''
  return [
    `Workload ${escapeMarkdown(workload)}, load ${escapeMarkdown(load)}, ${counted(repeats, 'repeat')}.${once}`,
    '',
    '| Figure | Expected | 95% interval |',
    '|---|---:|---:|',
    ...figures.map(({ title, unit, mean, ci95 }) => {
      const interval = ci95 === null ? '–' : `${valueText({ unit }, ci95[0])} to ${valueText({ unit }, ci95[1])}`
      return `| ${escapeMarkdown(title)} | ${valueText({ unit }, mean)} | ${interval} |`
    }),
    '',
    ...slo.flatMap(({ title, limitMs, valueMs }) => [
      `- ${title}: ${time(valueMs)}, limit ${time(limitMs)}${valueMs !== null && valueMs > limitMs ? ' (not met)' : ''}`,
    ]),
    ...(slo.length > 0 ? [''] : []),
  ]
}
