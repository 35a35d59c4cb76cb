import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeSweepTemplate } from '../../src/commands/init.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { initTemplates, textIn } from '../../src/spec/templates.ts'
import { disk } from '../../src/yaml/files.ts'
import { scratch } from '../journal/journal-on-disk.ts'

/** It sweeps a graph that the user has: the guide's clone of Dynamo. */
const needsGraph = 'dynamo-serve'

// Real systems may not be installed where this runs.
const files = {
  ...disk,
  kind: (file: string) => (file.includes('/.systems/') ? ('file' as const) : disk.kind(file)),
}

describe('a template of init', () => {
  for (const name of Object.keys(initTemplates()).filter(name => name !== needsGraph))
    test(`is right wherever it is written: ${name}`, async () => {
      await using folder = await scratch()
      const file = join(folder.path, 'deep/er/own.yaml')
      await writeSweepTemplate(file, name, false)
      assert.ok(planSweep(await loadSweep(file, { files })).pointCount > 0)
    })

  test('takes the Python and the cache of the user where Fulcrum’s own systems are not installed', () => {
    const text = initTemplates()['dynamo-mocker']?.text ?? ''
    const own = textIn('/home/user', text, path => !path.includes('.systems'))
    assert.match(own, /^ {2}python: python3$/m)
    assert.doesNotMatch(own, /HF_HOME/)
    assert.match(own, /HF_HUB_OFFLINE: 0/)
    assert.match(own, /planner-profile-data: \S*\/profiles\/deepseek-r1-fp4-gb200-tp4ep4\.npz/)
  })

  test('stays as it is in the folder that it stands in', () => {
    for (const { text } of Object.values(initTemplates()))
      assert.equal(
        textIn(join(import.meta.dirname, '../../sweeps'), text, () => true),
        text,
      )
  })
})
