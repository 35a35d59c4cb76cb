import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'

/**
 * A value that is cached in a file between runs: read if the file exists and fits the schema, otherwise computed and
 * written. Failures to read or write the cache are ignored, and two processes may compute the same value at the same
 * time.
 * @param name of the file, which should contain a hash of everything that determines the value
 */
export async function cached<T>(
  folder: string,
  name: string,
  schema: z.ZodType<T>,
  make: () => T | Promise<T>,
): Promise<T> {
  const file = join(folder, name)
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    const value = await make()
    await keep(folder, file, value)
    return value
  }
}

/** `$XDG_CACHE_HOME/fulcrum`, by default `~/.cache/fulcrum`. */
export function userCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fulcrum')
}

async function keep(folder: string, file: string, value: unknown): Promise<void> {
  const half = `${file}.${randomUUID()}`
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(half, JSON.stringify(value))
    await rename(half, file)
  } catch {
    await rm(half, { force: true }).catch(() => undefined)
  }
}
