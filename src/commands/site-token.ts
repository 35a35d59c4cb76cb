import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FulcrumError } from '../model/index.ts'
import { isLoopback } from '../site/guard.ts'

/**
 * The token of a file or of the environment variable FULCRUM_TOKEN; null where neither has one. It is no option of a
 * command: others can read command lines.
 * @throws FulcrumError (bad-input) for a file that can't be read or is empty
 */
export async function tokenFrom(file: string | undefined, env: NodeJS.ProcessEnv): Promise<string | null> {
  if (file === undefined) return env.FULCRUM_TOKEN?.trim() || null
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FulcrumError('bad-input', 'token-unreadable', 'The token file cannot be read.', { where: file, cause })
  })
  const token = text.trim()
  if (token !== '') return token
  throw new FulcrumError('bad-input', 'token-unreadable', 'The token file is empty.', {
    where: file,
    remedy: 'Write the token into it, for example with `openssl rand -base64 24`.',
  })
}

/** The token that a site asks for: the one that is given, else a new one where the network can reach it. */
export async function siteToken(
  host: string,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly token: string | null; readonly isNew: boolean }> {
  const given = await tokenFrom(file, env)
  if (given !== null || isLoopback(host)) return { token: given, isNew: false }
  return { token: randomBytes(24).toString('base64url'), isNew: true }
}
