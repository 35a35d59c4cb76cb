// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FulcrumError } from '../../src/model/index.ts'
import { statOf } from '../../src/process/proc.ts'
import { readLmEval, runLmEval } from '../../src/quality/lm-eval.ts'
import type { LmEvalWanted } from '../../src/quality/wanted.ts'

/** `results_<time>.json` as lm-evaluation-harness 0.4.13 writes it for two generating tasks, one of them of a group. */
const results = (more: object = {}) => ({
  results: {
    gsm8k: {
      alias: 'gsm8k',
      'exact_match,strict-match': 0.75,
      'exact_match_stderr,strict-match': 0.0967,
      'exact_match,flexible-extract': 0.8,
      'exact_match_stderr,flexible-extract': 0.0892,
    },
    arithmetic_2da: { alias: ' - arithmetic_2da', 'exact_match,none': 0.9, 'exact_match_stderr,none': 0.05 },
    arithmetic: { alias: 'arithmetic', 'exact_match,none': 0.9, 'exact_match_stderr,none': 0.05 },
  },
  group_subtasks: { arithmetic: ['arithmetic_2da'], gsm8k: [] },
  configs: {},
  versions: { gsm8k: 3.0, arithmetic_2da: 1.0 },
  'n-shot': { gsm8k: 5, arithmetic_2da: 0 },
  higher_is_better: { gsm8k: { exact_match: true }, arithmetic_2da: { exact_match: true } },
  'n-samples': { gsm8k: { original: 1319, effective: 20 }, arithmetic_2da: { original: 2000, effective: 40 } },
  config: { model: 'local-chat-completions', limit: 20.0 },
  git_hash: null,
  date: 1795938000.1,
  lm_eval_version: '0.4.13',
  ...more,
})

/** Writes its arguments, then does what a test wants of it. */
const program = (behaviour: string) => `#!${process.execPath}
const { mkdirSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const args = process.argv.slice(2)
const valueOf = name => args[args.indexOf(name) + 1]
const output = valueOf('--output_path')
writeFileSync(join(__dirname, 'called.json'), JSON.stringify({ args, key: process.env.OPENAI_API_KEY }))
const write = text => {
  const folder = join(output, 'nvidia__DeepSeek-R1-FP4')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'results_2026-11-29T08-00-00.000000.json'), text)
}
${behaviour}
`

describe('lm-evaluation-harness as a program', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-lm-eval-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  let calls = 0
  async function called(behaviour: string | null, more: Partial<LmEvalWanted> = {}) {
    const runFolder = await mkdtemp(join(folder, 'run-'))
    const binary = join(runFolder, 'lm_eval.cjs')
    const text = behaviour?.startsWith('#!') ? behaviour : program(behaviour ?? '')
    if (behaviour !== null) await writeFile(binary, text, { mode: 0o755 })
    const wanted = {
      binary,
      tasks: ['gsm8k', 'arithmetic'],
      limit: 20,
      fewshot: 5,
      args: ['--seed', '1'],
      timeoutMs: 60_000,
    }
    const endpoint = { url: 'http://127.0.0.1:9', model: 'm', dialect: 'vllm', metricsUrls: {} } as const
    calls += 1
    const place = { runFolder, folder: join(runFolder, 'quality', `p${calls}`), signal: AbortSignal.timeout(60_000) }
    const asked = { endpoint, api: 'chat', concurrency: 8, timeoutMs: 30_000 } as const
    const outcome = runLmEval({ ...wanted, ...more }, asked, place)
    return {
      outcome,
      called: () => readFile(join(runFolder, 'called.json'), 'utf8'),
    }
  }
  async function failure(behaviour: string | null, more: Partial<LmEvalWanted> = {}) {
    const { outcome, called: said } = await called(behaviour, more)
    const error = await outcome.then(
      () => assert.fail('it succeeded'),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof FulcrumError, String(error))
    return { error, called: said }
  }

  it('is called on the endpoint at the load of the point, and its results are the accuracy', async () => {
    const { outcome, called: said } = await called(`write(${JSON.stringify(JSON.stringify(results()))})`)
    const found = await outcome
    assert.equal(found.version, '0.4.13')
    assert.match(found.resultsFile, /^quality\/p\d+\/results\/nvidia__DeepSeek-R1-FP4\/results_2026.*\.json$/)
    assert.deepEqual(found.tasks, [
      { task: 'gsm8k', metric: 'exact_match', filter: 'strict-match', value: 0.75, stderr: 0.0967, samples: 20 },
      { task: 'arithmetic_2da', metric: 'exact_match', filter: 'none', value: 0.9, stderr: 0.05, samples: 40 },
    ])
    const { args, key } = JSON.parse(await said()) as { readonly args: readonly string[]; readonly key: string }
    assert.equal(args[args.indexOf('--tasks') + 1], 'gsm8k,arithmetic')
    assert.match(
      args.join(' '),
      /^--model local-chat-completions --model_args model=m,base_url=http:\/\/127\.0\.0\.1:9\/v1\/chat\/completions,num_concurrent=8,timeout=30,/,
    )
    assert.match(args.join(' '), / --apply_chat_template --limit 20 --num_fewshot 5 --seed 1$/)
    assert.equal(key, 'none')
  })

  it('that is missing says how to install it', async () => {
    const { error } = await failure(null)
    assert.equal(error.code, 'lm-eval-missing')
    assert.match(error.message, /^lm-eval was not found: .*lm_eval\.cjs$/)
    assert.match(error.remedy ?? '', /pip install 'lm-eval\[api\]'.*binary: /)
  })

  it('that fails says so with its last lines, once', async () => {
    const { error } = await failure("console.error('ValueError: no task gsm9k'); process.exit(3)")
    assert.equal(error.code, 'lm-eval-failed')
    assert.match(error.message, /^lm-eval .*3.*:\nValueError: no task gsm9k$/)
    assert.match(error.where ?? '', /lm-eval\.log$/)
  })

  it('that ends well without results has failed', async () => {
    const { error } = await failure("console.log('done')")
    assert.deepEqual([error.code, error.message], ['lm-eval-failed', 'lm-eval wrote no results:\ndone'])
  })

  it('that hangs is stopped at its deadline', async () => {
    const script = '#!/bin/sh\necho "$$" > "$(dirname "$0")/called.json"\necho "Requesting API: 0%"\nexec sleep 1000\n'
    const { error, called: pid } = await failure(script, { timeoutMs: 3000 })
    assert.equal(error.code, 'lm-eval-failed')
    assert.match(error.message, /^lm-eval was stopped: it was still running after \d+ s:\nRequesting API: 0%$/)
    const stat = await statOf(Number(await pid()))
    assert.ok(stat === null || stat.state === 'Z', JSON.stringify(stat))
  })

  const unreadable: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'another version of the file',
      { schema: 2, tasks: [{ name: 'gsm8k', score: 0.5 }] },
      /: they have no results of tasks$/,
    ],
    ['a list in place of tasks', { ...results(), results: [] }, /: they have no results of tasks$/],
    ['no task', { ...results(), results: {} }, /: they have no task$/],
    [
      'a task whose metric is no share',
      { ...results(), results: { squad: { 'f1,none': 71.2 } } },
      /: task squad has none of the metrics/,
    ],
    [
      'a share above 1',
      { ...results(), results: { gsm8k: { 'exact_match,none': 75 } } },
      /: task gsm8k has none of the metrics/,
    ],
    ['no number of samples', results({ 'n-samples': {} }), /: n-samples has no task gsm8k$/],
  ]
  for (const [what, value, why] of unreadable) {
    it(`that writes ${what} is not believed`, async () => {
      const { error } = await failure(`write(${JSON.stringify(JSON.stringify(value))})`)
      assert.equal(error.code, 'lm-eval-unreadable')
      assert.match(error.message, why)
      assert.match(error.remedy ?? '', /Use lm-eval 0\.4/)
      assert.match(error.where ?? '', /results_2026.*\.json$/)
    })
  }

  it('that writes half a file is not believed', async () => {
    const { error } = await failure(`write('{"results": {"gsm8k"')`)
    assert.match(error.message, /they are not JSON$/)
  })
})

describe('results of lm-evaluation-harness', () => {
  it('without a version are read: their tasks say enough', () => {
    const { version, tasks } = readLmEval(JSON.stringify(results({ lm_eval_version: undefined })), 'x.json')
    assert.deepEqual([version, tasks.length], [null, 2])
  })
})
