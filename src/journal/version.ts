import { readFile } from 'node:fs/promises'

/** The package's own version; the package's root is two folders up, from `src/` and from `dist/` alike. */
export async function fulcrumVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
