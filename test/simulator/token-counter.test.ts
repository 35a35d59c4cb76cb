// Test part: load

import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTokenCounter, tokenizerFolder } from '../../src/simulator/server/token-counter.ts'

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-token-counter-'))
after(() => rm(folder, { recursive: true }))
const words = join(folder, 'words')
const shipped = tokenizerFolder('builtin:deepseek-v3')
await symlink(join(shipped, 'tokenizer.json'), join(folder, 'tokenizer.json'))
const config = join(folder, 'tokenizer_config.json')
await copyFile(join(shipped, 'tokenizer_config.json'), config)

test('words of one token are counted from the list of an earlier start, without the tokenizer', async () => {
  const first = await createTokenCounter(folder, words)
  assert.equal(await first.count('about the other people'), 4)
  await first.close()
  assert.equal((await readdir(words)).length, 1)

  // Nothing can build the tokenizer any more.
  await rm(config)
  const second = await createTokenCounter(folder, words)
  assert.equal(await second.count('about the other people'), 4)
  await assert.rejects(second.count('Ünglücklich 12345'), { code: 'ENOENT' })
  await assert.rejects(second.count('about the other people'), { code: 'ENOENT' })
  await second.close()
})

test('a text with other words is counted by the tokenizer', async () => {
  const known = await createTokenCounter('builtin:deepseek-v3', words)
  const built = await createTokenCounter('builtin:deepseek-v3')
  for (const text of ['Hello', 'about the 12,345 Ünglücke of it', 'a a a', ''])
    assert.equal(await known.count(text), await built.count(text), text)
  await Promise.all([known.close(), built.close()])
})
