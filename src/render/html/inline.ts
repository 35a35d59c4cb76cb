import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** A script or style for the page, and the hash that lets the content security policy allow just this text. */
export interface Inline {
  readonly text: string
  readonly hash: string
}

/** The style that all pages share. */
export const loadStyle = (): Promise<Inline> => loadAsset('report/page.css')

/** A script or style of our own, by its path below assets/. */
export async function loadAsset(path: string): Promise<Inline> {
  return inline(await readFile(new URL(`../../../assets/${path}`, import.meta.url), 'utf8'))
}

/** Text inside an element ends at `</script`; inside a string of a script `<\/script` means the same. */
export function inline(text: string): Inline {
  const safe = text.replace(/<\/(script|style)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')
  return { text: safe, hash: `sha256-${createHash('sha256').update(safe).digest('base64')}` }
}
