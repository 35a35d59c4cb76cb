import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** An inline script or style with its hash, with which the content security policy allows exactly this text. */
export interface Inline {
  readonly text: string
  readonly hash: string
}

/** The style shared by all pages. */
export const loadStyle = (): Promise<Inline> => loadAsset('report/page.css')

/** A script or style of our own, by its path below assets/. */
export async function loadAsset(path: string): Promise<Inline> {
  return inline(await readFile(new URL(`../../../assets/${path}`, import.meta.url), 'utf8'))
}

/** An element's text ends at `</script`; inside a string of a script, `<\/script` means the same. */
export function inline(text: string): Inline {
  const safe = text.replace(/<\/(script|style)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')
  return { text: safe, hash: `sha256-${createHash('sha256').update(safe).digest('base64')}` }
}
