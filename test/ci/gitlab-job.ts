import { mkdir, rm } from 'node:fs/promises'
import { execa } from 'execa'
import { parse } from 'yaml'
import { z } from 'zod'

const job = z.object({
  extends: z.string().optional(),
  before_script: z.array(z.string()).optional(),
  rules: z.array(z.strictObject({ if: z.string() })).optional(),
  script: z.array(z.string()).optional(),
  after_script: z.array(z.string()).optional(),
})
const pipeline = z.object({ stages: z.array(z.string()), variables: z.record(z.string(), z.string()) }).catchall(job)

export interface GitlabResult {
  readonly exitCode: number
  readonly log: string
}

/**
 * Runs one job of a pipeline as GitLab's runner does: `before_script` and `script` as one script that ends with the
 * first error, then `after_script` in a shell of its own, whatever came of it. Null when no rule lets the job into the
 * pipeline.
 */
export async function runGitlabJob(
  text: string,
  name: string,
  workspace: string,
  env: Readonly<Record<string, string>>,
): Promise<GitlabResult | null> {
  const { stages: _, variables, ...jobs } = pipeline.parse(parse(text))
  const own = jobs[name] ?? {}
  const all = { ...(own.extends === undefined ? {} : jobs[own.extends]), ...own }
  // Of the conditions that a rule may have, the examples use one.
  const applies = (all.rules ?? []).some(({ if: condition }) => {
    const [, source] = /^\$CI_PIPELINE_SOURCE == "(\w+)"$/.exec(condition) ?? []
    if (source === undefined) throw new Error(`a condition that the tests don't know: ${condition}`)
    return env.CI_PIPELINE_SOURCE === source
  })
  if (!applies) return null
  await rm(workspace, { recursive: true, force: true })
  await mkdir(workspace, { recursive: true })
  await execa('git', ['clone', '--quiet', env.ORIGIN ?? '', workspace])
  const shell = (lines: readonly string[], more: Readonly<Record<string, string>>) =>
    execa('bash', ['-c', `set -eo pipefail\n${lines.join('\n')}`], {
      ...{ cwd: workspace, all: true, reject: false, timeout: 180_000, stdin: 'ignore', extendEnv: false },
      env: { ...variables, GITLAB_CI: 'true', ...env, ...more },
    })
  const main = await shell([...(all.before_script ?? []), ...(all.script ?? [])], {})
  const status = main.exitCode === 0 ? 'success' : 'failed'
  const after = all.after_script === undefined ? null : await shell(all.after_script, { CI_JOB_STATUS: status })
  if (after !== null && after.exitCode !== 0) throw new Error(`after_script: ${after.all}`)
  return { exitCode: main.exitCode ?? -1, log: `${main.all}\n${after?.all ?? ''}` }
}
