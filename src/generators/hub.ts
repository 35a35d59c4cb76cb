import { readFileSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { FulcrumError } from '../model/index.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Whether a name has the form `owner/name` of models on the Hugging Face hub. */
export function isHubName(name: string): boolean {
  return /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name)
}

/** Folder in which Hugging Face's programs keep downloads. */
export function hubCacheFolder(env: Env): string {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface')
  return env.HF_HUB_CACHE ?? join(home, 'hub')
}

const folderOf = (name: string, cache: string) => join(cache, `models--${name.replaceAll('/', '--')}`)

/** Files of a tokenizer. Models without a separate template file have the template in the configuration. */
const needed = ['tokenizer.json', 'tokenizer_config.json']
const optional = ['chat_template.jinja', 'config.json']

/** Folder of a tokenizer in the hub's cache, as downloaded from the main branch; null if it is not there. */
export function cachedTokenizer(name: string, cache: string): string | null {
  if (!isHubName(name)) return null
  try {
    const folder = folderOf(name, cache)
    const revision = readFileSync(join(folder, 'refs/main'), 'utf8').trim()
    const snapshot = join(folder, 'snapshots', revision)
    const hasAll = needed.every(file => statSync(join(snapshot, file), { throwIfNoEntry: false })?.isFile())
    return revision !== '' && hasAll ? snapshot : null
  } catch {
    return null
  }
}

/** Bytes of a file that is being downloaded. */
export interface DownloadProgress {
  readonly file: string
  readonly bytes: number
  /** Null if the server does not report the length. */
  readonly of: number | null
}

/**
 * Downloads a tokenizer, without the rest of its model, to the cache that Hugging Face's programs use too.
 * @param env `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE` and the variables of {@link hubCacheFolder}
 * @returns its folder
 * @throws FulcrumError environment `tokenizer-download`
 */
export async function downloadTokenizer(
  name: string,
  { env, signal, onProgress }: { env: Env; signal: AbortSignal; onProgress: (progress: DownloadProgress) => void },
): Promise<string> {
  const fail = (why: string, remedy: string, cause?: unknown): never => {
    throw new FulcrumError(
      'environment',
      'tokenizer-download',
      `The tokenizer of ${name} was not downloaded: ${why}.`,
      {
        remedy,
        cause,
      },
    )
  }
  if (/^(1|true|yes|on)$/i.test(env.HF_HUB_OFFLINE ?? ''))
    fail('HF_HUB_OFFLINE is set', 'Unset HF_HUB_OFFLINE, or name a folder in model.tokenizer.')
  const endpoint = (env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '')
  const folder = folderOf(name, hubCacheFolder(env))
  await mkdir(join(folder, 'snapshots'), { recursive: true })
  const part = join(folder, 'snapshots', `.part-${process.pid}`)
  try {
    await mkdir(part, { recursive: true })
    let revision = ''
    for (const file of [...needed, ...optional]) {
      const url = `${endpoint}/${name}/resolve/main/${file}`
      const headers: Record<string, string> = env.HF_TOKEN ? { authorization: `Bearer ${env.HF_TOKEN}` } : {}
      const response = await fetch(url, { signal, headers }).catch(error => {
        signal.throwIfAborted()
        return fail(
          `${new URL(endpoint).host} cannot be reached`,
          'Check the network and HF_ENDPOINT, or copy the files and name their folder in model.tokenizer.',
          error,
        )
      })
      const isOptional = optional.includes(file)
      if (!response.ok) {
        await response.body?.cancel()
        if (isOptional) continue
        if (response.status === 404)
          fail(`it has no ${file} on ${new URL(endpoint).host}`, 'Check the name, or name a folder in model.tokenizer.')
        const isRefused = response.status === 401 || response.status === 403
        const remedy = isRefused
          ? 'Accept the terms of the model on its page, and set HF_TOKEN.'
          : 'Try again later, or name a folder in model.tokenizer.'
        fail(`${url} answers HTTP ${response.status}`, remedy)
      }
      revision ||= /^[0-9a-f]{40}$/.exec(response.headers.get('x-repo-commit') ?? '')?.[0] ?? ''
      await writeBody(response, join(part, file), progress => onProgress({ file, ...progress }))
    }
    const snapshot = join(folder, 'snapshots', revision || 'main')
    await rm(snapshot, { recursive: true, force: true })
    await rename(part, snapshot)
    await mkdir(join(folder, 'refs'), { recursive: true })
    await writeFile(join(folder, 'refs/main'), revision || 'main')
    return snapshot
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

async function writeBody(
  response: Response,
  path: string,
  onBytes: (progress: Omit<DownloadProgress, 'file'>) => void,
): Promise<void> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  // The header gives the length of the compressed body.
  const of = Number.isFinite(length) && !response.headers.has('content-encoding') ? length : null
  await using file = await open(path, 'w')
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    await file.writeFile(chunk)
    bytes += chunk.byteLength
    onBytes({ bytes, of })
  }
}
