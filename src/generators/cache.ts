import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'

/**
 * A value kept in a file over runs: read back when it is there and fits the schema, else made and kept. A cache that
 * can't be read or written is no error, and two processes may make the same value at the same time.
 *
 * @param name of the file; a hash of all that decides the value belongs in it
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
