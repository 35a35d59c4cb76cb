import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeTokenizer } from '../tokenizer-files.ts'

/**
 * A Hugging Face cache that holds one tokenizer, and the environment that makes Python programs read it without a
 * network.
 */
export interface HubCache {
  /** What `--tokenizer` takes. */
  readonly tokenizer: string
  /** The tokenizer's own files. */
  readonly folder: string
  readonly env: { readonly [name: string]: string }
}

/**
 * Lays a tokenizer out as the hub's cache would hold it after a download: genai-perf and AIPerf then load it by model
 * name, offline (AIPerf 0.13 refuses a path there).
 *
 * @param model name as requests spell it; becomes the repository's name
 * @param tokenizer see `readTokenizer`
 */
export async function layOutHubCache(folder: string, model: string, tokenizer: string): Promise<HubCache> {
  const name = repositoryName(model)
  const repository = join(folder, 'hub', `models--${name.replaceAll('/', '--')}`)
  const snapshot = join(repository, 'snapshots/local')
  // transformers asks for config.json before it looks for a tokenizer; what stands in it doesn't matter to one that is
  // complete.
  const config = await readFile(join(tokenizer, 'config.json'), 'utf8').catch(() => '{}')
  await mkdir(snapshot, { recursive: true })
  await mkdir(join(repository, 'refs'), { recursive: true })
  await writeFile(join(repository, 'refs/main'), 'local')
  await writeFile(join(snapshot, 'config.json'), config)
  await writeTokenizer(tokenizer, snapshot)
  return {
    tokenizer: name,
    folder: snapshot,
    env: { HF_HOME: folder, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1', HF_HUB_DISABLE_TELEMETRY: '1' },
  }
}

/**
 * The hub knows `name` and `owner/name` of letters, digits, `-`, `_` and `.`; a served model may be called anything.
 */
export function repositoryName(model: string): string {
  const parts = model
    .split('/')
    .slice(-2)
    .map(part => part.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, ''))
    .filter(part => part !== '')
  return parts.length === 0 ? 'model' : parts.join('/').replaceAll('--', '-')
}
