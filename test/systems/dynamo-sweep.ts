import { join } from 'node:path'

const repository = join(import.meta.dirname, '../..')

/** A sweep file's text with `REPOSITORY` replaced by this checkout's path. */
export function inRepository(text: string): string {
  return text.replaceAll('REPOSITORY', repository)
}
