import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Contexts, filledIn, holds, type JobState } from './expressions.ts'

/** An action or a step may have these keys; any other is one that this runner would pass over. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const step = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  if: scalar.optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  shell: z.literal('bash').optional(),
  env: z.record(z.string(), scalar).optional(),
  with: z.record(z.string(), scalar).optional(),
})
type Step = z.output<typeof step>
const job = z.strictObject({
  if: z.string().optional(),
  'runs-on': z.array(z.string()),
  'timeout-minutes': z.number(),
  permissions: z.record(z.string(), z.string()),
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.boolean() }),
  steps: z.array(step),
})
export const workflowFile = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), job),
})
export const actionFile = z.strictObject({
  name: z.string(),
  description: z.string(),
  author: z.string(),
  inputs: z.record(
    z.string(),
    z.strictObject({ description: z.string(), required: z.boolean().optional(), default: z.string().optional() }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(step.required({ name: true })) }),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
})

/** What GitHub would start a job with. */
export interface JobEvent {
  readonly name: 'schedule' | 'workflow_dispatch' | 'pull_request'
  /** The commit that is checked out. */
  readonly sha: string
  /** Of a pull request. */
  readonly number?: number
  /** Of a workflow_dispatch. */
  readonly inputs?: Readonly<Record<string, unknown>>
  /** Of a pull request: where its branch is. */
  readonly headRepository?: string
  readonly refName?: string
}

export interface Runner {
  /** The repository that is cloned. */
  readonly origin: string
  /** A folder of its own for workspaces, temporary files and artifacts. */
  readonly folder: string
  /** Set before every step: `PATH` with stand-ins first, and whatever these need. */
  readonly env: Readonly<Record<string, string>>
  readonly vars: Readonly<Record<string, string>>
}

export interface StepResult {
  readonly id: string
  readonly outcome: 'success' | 'failure' | 'skipped'
  readonly outputs: Readonly<Record<string, string>>
  readonly log: string
}

export interface JobResult {
  /** `skipped` when the job's own condition did not hold. */
  readonly outcome: 'success' | 'failure' | 'skipped'
  /** Steps of composite actions behind the one that used them, as `2/sweep`. */
  readonly steps: readonly StepResult[]
  readonly summary: string
  readonly artifacts: readonly { readonly name: string; readonly folder: string; readonly days: number }[]
}

const token = 'ghs_a-token-of-the-test'
const repository = 'owner/name'

/**
 * Runs one job of a workflow as GitHub's runner does: steps in order, each with its condition, in a clone of the
 * repository. Knows the few actions that the examples use, and refuses every key and action that it doesn't.
 */
export async function runJob(workflow: string, name: string, event: JobEvent, runner: Runner): Promise<JobResult> {
  const described = workflowFile.parse(parse(workflow)).jobs[name]
  if (described === undefined) throw new Error(`no job ${name}`)
  const folder = await mkdtemp(join(runner.folder, 'job-'))
  const workspace = join(runner.folder, 'workspace')
  const [temporary, commands] = [join(folder, 'temp'), join(folder, 'commands')]
  await rm(workspace, { recursive: true, force: true })
  for (const path of [workspace, temporary, commands]) await mkdir(path, { recursive: true })
  const pullRequest =
    event.number === undefined
      ? {}
      : {
          pull_request: { number: event.number, head: { repo: { full_name: event.headRepository ?? repository } } },
        }
  const github = {
    ...{ event_name: event.name, repository, sha: event.sha, token, workspace },
    ref_name: event.refName ?? 'main',
    event: { repository: { default_branch: 'main' }, ...pullRequest },
  }
  const contexts = { github, vars: runner.vars, inputs: event.inputs ?? {} }
  const state = { failed: false, cancelled: false }
  if (!holds(described.if, contexts, state)) return { outcome: 'skipped', steps: [], summary: '', artifacts: [] }

  const steps: StepResult[] = []
  const artifacts: { name: string; folder: string; days: number }[] = []
  const summary = join(folder, 'summary.md')
  await writeFile(summary, '')

  async function script(text: string, env: Readonly<Record<string, string>>, place: string, strict: boolean) {
    const [file, output] = [join(commands, `${place}.sh`), join(commands, `${place}.out`)]
    await writeFile(file, text)
    await writeFile(output, '')
    const shell = strict ? ['--noprofile', '--norc', '-eo', 'pipefail', file] : ['-e', file]
    const { exitCode, all } = await execa('bash', shell, {
      cwd: workspace,
      all: true,
      reject: false,
      timeout: 180_000,
      stdin: 'ignore',
      extendEnv: false,
      env: {
        ...runner.env,
        ...{ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_SERVER_URL: 'https://github.com', GITHUB_RUN_ID: '7' },
        ...{ GITHUB_REPOSITORY: repository, GITHUB_SHA: event.sha, GITHUB_WORKSPACE: workspace },
        ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temporary },
        ...env,
      },
    })
    const outputs = (await readFile(output, 'utf8')).split('\n').filter(line => line !== '')
    return {
      outcome: exitCode === 0 ? ('success' as const) : ('failure' as const),
      log: all,
      outputs: Object.fromEntries(
        outputs.map(line => {
          const at = line.indexOf('=')
          if (at < 1) throw new Error(`not an output: ${line}`)
          return [line.slice(0, at), line.slice(at + 1)]
        }),
      ),
    }
  }

  async function use(
    uses: string,
    inputs: Readonly<Record<string, string>>,
    place: string,
  ): Promise<Omit<StepResult, 'id'>> {
    const done = { outcome: 'success', outputs: {}, log: '' } as const
    if (uses.startsWith('./')) {
      const path = join(workspace, uses)
      const action = actionFile.parse(parse(await readFile(join(path, 'action.yml'), 'utf8')))
      for (const given of Object.keys(inputs)) if (!(given in action.inputs)) throw new Error(`no input ${given}`)
      const all: Record<string, string> = {}
      for (const [name, one] of Object.entries(action.inputs)) {
        if (one.required && !inputs[name]) throw new Error(`the input ${name} is required`)
        all[name] = inputs[name] ?? filledIn(one.default ?? '', { github }, state)
      }
      const inside = { failed: false, cancelled: false }
      const known = await runSteps(action.runs.steps, { github, inputs: all }, inside, place, {
        GITHUB_ACTION_PATH: path,
      })
      const outputs: Record<string, string> = {}
      for (const [name, { value }] of Object.entries(action.outputs))
        outputs[name] = filledIn(value, { github, inputs: all, steps: known }, inside)
      return { ...done, outcome: inside.failed ? 'failure' : 'success', outputs }
    }
    const [, action] = /^(actions\/[\w-]+)@[0-9a-f]{40}$/.exec(uses) ?? []
    if (action === 'actions/checkout') {
      await execa('git', ['clone', '--quiet', '--no-checkout', runner.origin, workspace])
      await execa('git', ['-C', workspace, 'checkout', '--quiet', '--detach', event.sha])
      return done
    }
    if (action === 'actions/setup-node') return done
    if (action !== 'actions/upload-artifact') throw new Error(`an action that the tests don't know: ${uses}`)
    const { name = '', path = '', 'retention-days': days, 'if-no-files-found': missing, overwrite, ...rest } = inputs
    if (Object.keys(rest).length > 0 || overwrite !== 'true') throw new Error(`unknown inputs ${JSON.stringify(rest)}`)
    if (!(await stat(path).catch(() => null))) return { ...done, outcome: missing === 'error' ? 'failure' : 'success' }
    const kept = join(runner.folder, 'artifacts', `${basename(folder)}-${name}`)
    await cp(path, kept, { recursive: true })
    artifacts.push({ name, folder: kept, days: Number(days) })
    return { ...done, outputs: { 'artifact-url': `https://github.com/${repository}/artifacts/${artifacts.length}` } }
  }

  async function runSteps(
    list: readonly Step[],
    outer: Contexts,
    state: { -readonly [key in keyof JobState]: JobState[key] },
    place: string,
    env: Readonly<Record<string, string>>,
  ) {
    const known: Record<string, { outputs: Readonly<Record<string, string>>; outcome: string; conclusion: string }> = {}
    for (const [index, one] of list.entries()) {
      const id = one.id ?? String(index)
      const all = { ...outer, steps: known }
      const at = place === '' ? id : `${place}/${id}`
      let result: Omit<StepResult, 'id'> = { outcome: 'skipped', outputs: {}, log: '' }
      if (holds(one.if, all, state)) {
        const own = Object.fromEntries(
          Object.entries(one.env ?? {}).map(([name, text]) => [name, filledIn(text, all, state)]),
        )
        if (one.run !== undefined)
          result = await script(filledIn(one.run, all, state), { ...env, ...own }, at.replaceAll('/', '-'), !!one.shell)
        else
          result = await use(
            one.uses ?? '',
            Object.fromEntries(
              Object.entries(one.with ?? {}).map(([name, text]) => [name, filledIn(text, all, state)]),
            ),
            at,
          )
      }
      if (result.outcome === 'failure') state.failed = true
      known[id] = { outputs: result.outputs, outcome: result.outcome, conclusion: result.outcome }
      steps.push({ id: at, ...result })
    }
    return known
  }

  await runSteps(described.steps, contexts, state, '', {})
  return {
    outcome: state.failed ? 'failure' : 'success',
    steps,
    summary: await readFile(summary, 'utf8'),
    artifacts,
  }
}
