import { glob, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export const repository = join(import.meta.dirname, '../..')

export interface Page {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

/** Every Markdown page that a reader of the repository or of the package comes across. */
export async function pages(): Promise<readonly Page[]> {
  const found = await Array.fromAsync(
    glob(['*.md', 'docs/**/*.md', '.github/**/*.md', 'examples/**/*.md'], { cwd: repository }),
  )
  const own = found.filter(path => !path.includes('node_modules')).sort()
  return Promise.all(own.map(async path => ({ path, text: await readFile(join(repository, path), 'utf8') })))
}

/** A fenced block of code, or one that is indented by four spaces. */
export interface CodeBlock {
  /** The word behind the fence; empty for an indented block. */
  readonly language: string
  /** Of the block's first line, from 1. */
  readonly line: number
  readonly lines: readonly string[]
}

/** The blocks of code of a page; fences inside lists are read without the list's indentation. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', fence, language = ''] = /^( *)(`{3,})(\S*)/.exec(lines[at] ?? '') ?? []
    if (fence === undefined) {
      if (!isIndentedCode(lines, at)) continue
      const from = at
      while (/^ {4}/.test(lines[at] ?? '') || ((lines[at] ?? '') === '' && /^ {4}/.test(lines[at + 1] ?? ''))) at++
      blocks.push({ language: '', line: from + 1, lines: lines.slice(from, at).map(line => line.slice(4)) })
      continue
    }
    const from = at + 1
    do at++
    while (at < lines.length && !(lines[at] ?? '').trimStart().startsWith(fence))
    blocks.push({ language, line: from + 1, lines: lines.slice(from, at).map(line => line.slice(indent.length)) })
  }
  return blocks
}

/** A list's second paragraph is indented too; only what follows an unindented paragraph is code. */
function isIndentedCode(lines: readonly string[], at: number): boolean {
  if (!/^ {4}\S/.test(lines[at] ?? '') || (lines[at - 1] ?? '') !== '') return false
  const before = lines.slice(0, at).findLast(line => line !== '') ?? ''
  return !/^\s|^[-*] |^\d+\. /.test(before)
}

/** A page without its blocks of code and code spans, lines kept. */
export function prose(text: string): string {
  const lines = text.split('\n')
  for (const { line, lines: code, language } of codeBlocks(text)) {
    for (let at = 0; at < code.length; at++) lines[line - 1 + at] = ''
    if (language !== '') lines[line - 2] = ''
  }
  return lines.join('\n').replace(/`+[^`\n]*`+/g, span => ' '.repeat(span.length))
}

export interface Link {
  readonly target: string
  readonly line: number
}

/** Targets of inline links, images and reference definitions; code is not looked into. */
export function linksOf(text: string): readonly Link[] {
  // The words of a link may be code; only its target counts.
  const clean = prose(text.replace(/\[`([^`\]]*)`\]\(/g, '[$1]('))
  const found = [...clean.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)/gm)]
  return found.map(({ 1: inline, 2: defined, index }) => ({
    target: inline ?? defined ?? '',
    line: clean.slice(0, index).split('\n').length,
  }))
}

/** Labels of `[words][label]` that the page does not define. */
export function undefinedLabels(text: string): readonly string[] {
  const clean = prose(text)
  const defined = new Set([...clean.matchAll(/^\[([^\]]+)\]:/gm)].map(([, label = '']) => label.toLowerCase()))
  return [...clean.matchAll(/\]\[([^\]]+)\]/g)].flatMap(([, label = '']) =>
    defined.has(label.toLowerCase()) ? [] : [label],
  )
}

/**
 * Anchors of a page's headings as GitHub makes them: lower case, without punctuation, spaces as hyphens; the second
 * heading of a name gets `-1`.
 */
export function anchorsOf(text: string): ReadonlySet<string> {
  const counts = new Map<string, number>()
  const anchors = new Set<string>()
  const lines = text.split('\n')
  for (const { line, lines: code } of codeBlocks(text))
    for (let at = 0; at < code.length; at++) lines[line - 1 + at] = ''
  for (const line of lines) {
    const [, heading] = /^#{1,6} +(.+?)#*$/.exec(line) ?? []
    if (heading === undefined) continue
    const slug = heading
      .trim()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

/** Where a link leads: null for another site or a mail address. */
export function destination(page: string, target: string): { readonly path: string; readonly anchor: string } | null {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return null
  const [path = '', anchor = ''] = target.split('#')
  if (path === '') return { path: page, anchor }
  const from = path.startsWith('/') ? repository : join(repository, page, '..')
  return { path: relative(repository, join(from, decodeURIComponent(path))), anchor: decodeURIComponent(anchor) }
}
