import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FulcrumError } from '../model/index.ts'
import { isLoopback } from '../site/guard.ts'

/**
 * The token from a file or from the environment variable FULCRUM_TOKEN; null without both. There is no option for it,
 * because other users can read command lines.
 * @throws FulcrumError (bad-input) for an unreadable or empty file
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

/** The token of a site: the given one, otherwise a new one if the network can reach the site. */
export async function siteToken(
  host: string,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly token: string | null; readonly isNew: boolean }> {
  const given = await tokenFrom(file, env)
  if (given !== null || isLoopback(host)) return { token: given, isNew: false }
  return { token: randomBytes(24).toString('base64url'), isNew: true }
}
