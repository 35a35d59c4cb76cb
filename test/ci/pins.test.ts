import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { actionFile, workflowFile } from './github-job.ts'

const root = join(import.meta.dirname, '../..')
const files = ['action.yml', 'docs/ci/github-actions.yml', '.github/workflows/ci.yml', '.github/workflows/release.yml']
const read = (path: string) => readFile(join(root, path), 'utf8')
const described = actionFile.parse(parse(await read('action.yml')))

/** The version that each action is pinned at, one for all files. */
const pinned = new Map<string, string>()

describe('actions and workflows', () => {
  test('use actions of others by their commit only, with the version beside it, the same everywhere', async () => {
    for (const path of files) {
      const lines = (await read(path)).split('\n').filter(line => /^\s*(- )?uses:/.test(line))
      assert.ok(lines.length > 0, path)
      for (const line of lines) {
        if (/uses: \.\//.test(line)) continue
        const [, action = '', commit] =
          /uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(line) ?? assert.fail(`${path}: ${line}`)
        assert.equal(commit, pinned.get(action) ?? commit, `${path}: ${action}`)
        pinned.set(action, commit ?? '')
      }
    }
  })

  test('never put an expression into a script, where its text would be read as commands', async () => {
    const withSteps = z.looseObject({ steps: z.array(z.looseObject({ run: z.string().optional() })).optional() })
    const scripts = await Promise.all(
      files.map(async path => {
        const { jobs, runs } = z
          .looseObject({ jobs: z.record(z.string(), withSteps).optional(), runs: withSteps.optional() })
          .parse(parse(await read(path)))
        return [...Object.values(jobs ?? {}), ...(runs === undefined ? [] : [runs])].flatMap(({ steps = [] }) =>
          steps.flatMap(({ run }) => (run === undefined ? [] : [`${path}: ${run}`])),
        )
      }),
    )
    assert.ok(scripts.flat().length > 15)
    for (const script of scripts.flat()) assert.doesNotMatch(script, /\$\{\{/)
  })

  test('of the example ask for nothing but to read, and to comment where they do', async () => {
    const { permissions, jobs } = workflowFile.parse(parse(await read('docs/ci/github-actions.yml')))
    assert.deepEqual(permissions, {})
    assert.deepEqual(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions])), {
      nightly: { contents: 'read' },
      'pull-request': { contents: 'read', 'pull-requests': 'write' },
    })
  })

  test('name each input and output that the guide explains, and use each input', async () => {
    const guide = await read('docs/how-to/github-action.md')
    const text = await read('action.yml')
    for (const name of [...Object.keys(described.inputs), ...Object.keys(described.outputs)])
      assert.ok(guide.includes(`\`${name}\``), name)
    for (const name of Object.keys(described.inputs)) assert.ok(text.includes(`inputs.${name} `), name)
  })
})
