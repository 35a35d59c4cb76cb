import { readFile } from 'node:fs/promises'

/** Version of this package. The package's root is two folders up from both `src/` and `dist/`. */
export async function fulcrumVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
