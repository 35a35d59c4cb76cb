import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Folders of server programs that a user's PATH may lack. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin']

/** Absolute path of a program on PATH or in the system's folders for servers; null if there is none. */
export async function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  for (const folder of [...(env.PATH ?? '').split(delimiter), ...systemFolders]) {
    if (folder === '') continue
    const path = join(folder, name)
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  return null
}
