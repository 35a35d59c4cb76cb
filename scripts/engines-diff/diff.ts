/**
 * Compares the settings that Fulcrum knows of each engine with those in the engine's published wheels:
 *
 *   npm run engines:diff
 *   npm run engines:diff -- vllm 0.31.0
 *
 * Exits with 1 if the engine that was named is not compared, and with 2 if Fulcrum does not know it.
 *
 * Prints, for each version, settings that Fulcrum knows and the engine no longer has, and the other way round. Fulcrum
 * knows settings of performance only, so the second list is long; look in it for those. Needs python3 and a network, and
 * fetches about 1 MB of each wheel.
 */
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { engines } from '../../src/engines/index.ts'

/** Where an engine defines its settings. */
interface Source {
  readonly package: string
  readonly files: string
  readonly classes: readonly string[]
  /** The version that Fulcrum's settings are from, and the newest. */
  readonly versions: readonly string[]
}

const sources: { readonly [engine: string]: Source } = {
  vllm: {
    package: 'vllm',
    files: 'vllm/engine/arg_utils.py',
    classes: ['EngineArgs', 'AsyncEngineArgs'],
    versions: ['0.26.0', 'newest'],
  },
  sglang: {
    package: 'sglang',
    files: 'sglang/srt/server_args.py,sglang/srt/arg_groups/fields/*.py',
    classes: ['*'],
    versions: ['0.5.16', 'newest'],
  },
  // Its wheels are not on PyPI, which has a stub that fetches them from NVIDIA: this says so.
  trtllm: {
    package: 'tensorrt-llm',
    files: 'tensorrt_llm/llmapi/llm_args.py',
    classes: ['BaseLlmArgs', 'TorchLlmArgs'],
    versions: ['newest'],
  },
}

const published = z.object({ version: z.string(), settings: z.array(z.string()) })

const names = Object.keys(sources)
const usage = `Usage: npm run engines:diff [-- ENGINE [VERSION]]\n\nENGINE is ${names.join(', ')}; VERSION is one on PyPI.`
const asked = process.argv.slice(2)
if (asked.includes('--help') || asked.includes('-h')) {
  console.log(usage)
  process.exit(0)
}
const [only, version, ...rest] = asked
if ((only !== undefined && !names.includes(only)) || rest.length > 0) {
  console.error(rest.length > 0 ? `Too many arguments: ${rest.join(' ')}` : `Unknown engine '${only}'.`)
  console.error(usage)
  process.exit(2)
}
for (const [name, source] of Object.entries(sources)) {
  const engine = engines.find(each => each.name === name)
  if (engine === undefined || (only !== undefined && only !== name)) continue
  const known = [...(engine.settings.known ?? [])].toSorted()
  for (const wanted of version === undefined ? source.versions : [version]) {
    const program = join(import.meta.dirname, 'settings-of-wheel.py')
    const args = [program, source.package, wanted, source.files, ...source.classes]
    const said = await execa('python3', args, { reject: false, timeout: 180_000 })
    if (said.exitCode !== 0) {
      console.log(`${engine.title}: not compared: ${said.stderr.trim().split('\n').at(-1)}\n`)
      // Without a name, TensorRT-LLM is in the list although it has no wheels.
      if (only !== undefined) process.exitCode = 1
      continue
    }
    const { version: found, settings } = published.parse(JSON.parse(said.stdout))
    const theirs = new Set(settings)
    const ours = new Set(known)
    const gone = known.filter(setting => !theirs.has(setting))
    const unknown = settings.filter(setting => !ours.has(setting))
    console.log(
      `${engine.title} ${found}: ${settings.length} settings, of which Fulcrum knows ${settings.length - unknown.length}`,
    )
    console.log(`  known to Fulcrum, not in the engine (${gone.length}): ${gone.join(' ') || 'none'}`)
    console.log(`  in the engine, not known to Fulcrum (${unknown.length}): ${unknown.join(' ') || 'none'}\n`)
  }
}
