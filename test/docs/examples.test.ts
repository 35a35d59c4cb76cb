import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { sweepJsonSchema } from '../../src/spec/json-schema.ts'
import { problems } from '../spec/sweep-text.ts'
import { codeBlocks, pages } from './markdown.ts'

const keys = new Set(Object.keys((sweepJsonSchema() as { properties: object }).properties))

/** What an excerpt of a sweep file leaves out. */
const base = {
  name: 'x',
  model: 'nvidia/DeepSeek-R1-FP4',
  deploy: { with: 'simulated' },
  workloads: ['8000/256', '1000/1000'],
  load: { concurrency: 1 },
}

const examples = (await pages()).flatMap(({ path, text }) =>
  codeBlocks(text).flatMap(({ language, line, lines }) => {
    if (language !== 'yaml') return []
    const sections: unknown = parse(lines.join('\n'))
    const isOfSweep =
      typeof sections === 'object' && sections !== null && Object.keys(sections).every(key => keys.has(key))
    return isOfSweep ? [{ at: `${path}:${line}`, sections }] : []
  }),
)

test('a mistake in an excerpt is noticed', async () => {
  assert.notDeepEqual(await problems(stringify({ ...base, laod: { concurrency: 1 } })), [])
})

describe('excerpts of sweep files in the documents', () => {
  for (const { at, sections } of examples) {
    test(`are right: ${at}`, async () => {
      const topologies = 'deploy' in sections ? { topologies: ['agg x1'] } : {}
      const whole = 'model' in sections && 'deploy' in sections ? sections : { ...base, ...topologies, ...sections }
      // Programs and folders of the reader's machine aren't here.
      const wrong = (await problems(stringify(whole))).filter(
        problem => !/does not exist|there is no (such file|\/)/.test(problem),
      )
      assert.deepEqual(wrong, [])
    })
  }
})
