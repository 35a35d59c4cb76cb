import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeTokenizer } from '../tokenizer-files.ts'

/**
 * A Hugging Face cache with one tokenizer, and the environment that makes Python programs read it offline and keep their
 * temporary files beside it.
 */
export interface HubCache {
  /** Value for `--tokenizer`. */
  readonly tokenizer: string
  /** The tokenizer's own files. */
  readonly folder: string
  readonly env: { readonly [name: string]: string }
}

/**
 * Lays out a tokenizer as the hub's cache would after a download, so that genai-perf and AIPerf load it by model name,
 * offline (AIPerf 0.13 rejects a path there).
 *
 * @param model name used in requests; becomes the repository's name
 * @param tokenizer see `readTokenizer`
 */
export async function layOutHubCache(folder: string, model: string, tokenizer: string): Promise<HubCache> {
  const name = repositoryName(model)
  const repository = join(folder, 'hub', `models--${name.replaceAll('/', '--')}`)
  const snapshot = join(repository, 'snapshots/local')
  // transformers reads config.json before it looks for a tokenizer. The content does not matter if the tokenizer is
  // complete.
  const config = await readFile(join(tokenizer, 'config.json'), 'utf8').catch(() => '{}')
  await mkdir(snapshot, { recursive: true })
  await mkdir(join(repository, 'refs'), { recursive: true })
  await writeFile(join(repository, 'refs/main'), 'local')
  await writeFile(join(snapshot, 'config.json'), config)
  await writeTokenizer(tokenizer, snapshot)
  // AIPerf removes none of its temporary files, and other programs only those of a run that is not interrupted.
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  return {
    tokenizer: name,
    folder: snapshot,
    env: {
      HF_HOME: folder,
      HF_HUB_OFFLINE: '1',
      TRANSFORMERS_OFFLINE: '1',
      HF_HUB_DISABLE_TELEMETRY: '1',
      TMPDIR: temporary,
    },
  }
}

/**
 * Repository names have the form `name` or `owner/name` with letters, digits, `-`, `_` and `.`; a served model may have
 * any name.
 */
export function repositoryName(model: string): string {
  const parts = model
    .split('/')
    .slice(-2)
    .map(part => part.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, ''))
    .filter(part => part !== '')
  return parts.length === 0 ? 'model' : parts.join('/').replaceAll('--', '-')
}
