// Test part: process
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'

const module = pathToFileURL(join(import.meta.dirname, '../../src/process/run-script.ts')).href

/** A script whose value is a function, and a program that calls it in processes of their own. */
async function place() {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-script-'))
  const script = join(folder, 'sum.cjs')
  const cache = join(folder, 'cache')
  const codeFile = async () => {
    const names = await readdir(cache, { recursive: true }).catch(() => [])
    const name = names.find(one => one.endsWith('.code'))
    return name === undefined ? null : join(cache, name)
  }
  return {
    script,
    codeFile,
    /** What a call of the script's function prints. */
    run: async ({ call = 'add(1, 2)', env = {} }: { call?: string; env?: Record<string, string> } = {}) => {
      const code = `const { runScript } = await import(${JSON.stringify(module)})
        const add = runScript(${JSON.stringify(script)}, 'add')
        console.log(${call})`
      const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', code], {
        env: { NODE_COMPILE_CACHE: cache, ...env },
        reject: false,
      })
      return stdout
    },
    saved: async () => {
      const file = await codeFile()
      return file === null ? null : readFile(file)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const adds = '(function add(a, b) { return a + b })'
const subtracts = '(function add(a, b) { return a - b })'
/** 500 functions that the others do not need. */
const many = `(() => { const all = [${Array.from({ length: 500 }, (_, i) => `x => [x, ${i}, x + ${i}, 'text${i}'].map(one => one + x).join('-')`).join(', ')}]
  return (a, b) => typeof a === 'string' ? all.map(one => one(a)).length : a + b })()`

describe('a script', () => {
  test('runs again with the code that was saved when the first process ended', async () => {
    await using at = await place()
    await writeFile(at.script, adds)
    assert.equal(await at.run(), '3')
    const saved = await at.saved()
    assert.ok(saved !== null && saved.length > 100)
    assert.equal(await at.run(), '3')
    // The code is the same, and the second process is counted.
    const header = 16
    assert.deepEqual((await at.saved())?.subarray(header), saved.subarray(header))
    assert.equal((await at.saved())?.readUInt32LE(header - 4), 2)
  })

  test('never runs code of another script, though it is as long', async () => {
    await using at = await place()
    await writeFile(at.script, adds)
    assert.equal(await at.run(), '3')
    await writeFile(at.script, subtracts)
    assert.equal(subtracts.length, adds.length)
    assert.equal(await at.run(), '-1')
  })

  test('runs although saved code is damaged or cut off, which the next process saves anew', async () => {
    await using at = await place()
    await writeFile(at.script, adds)
    await at.run()
    const file = (await at.codeFile()) ?? ''
    const whole = await readFile(file)
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, whole.length >> 1)
    for (const bytes of [damaged, whole.subarray(0, 40), Buffer.alloc(0)]) {
      await writeFile(file, bytes)
      assert.equal(await at.run(), '3')
      assert.equal((await stat(file)).size, whole.length)
    }
  })

  test('saves its code again in the fourth process, with what all have called', async () => {
    await using at = await place()
    await writeFile(at.script, many)
    assert.equal(await at.run(), '3')
    const little = (await at.saved())?.length ?? 0
    for (let more = 2; more < 4; more++) assert.equal(await at.run({ call: "add('x')" }), '500')
    assert.equal((await at.saved())?.length, little)
    assert.equal(await at.run({ call: "add('x')" }), '500')
    const much = (await at.saved())?.length ?? 0
    assert.ok(much > 2 * little, `${little} and ${much} bytes`)
    assert.equal(await at.run(), '3')
    assert.equal((await at.saved())?.length, much)
  })

  test('saves nothing after a failure, nor where the compile cache is off', async () => {
    await using at = await place()
    await writeFile(at.script, adds)
    await at.run({ call: 'process.exit(2)' })
    assert.equal(await at.saved(), null)
    assert.equal(await at.run({ env: { NODE_DISABLE_COMPILE_CACHE: '1' } }), '3')
    assert.equal(await at.saved(), null)
  })
})
